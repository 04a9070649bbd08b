import type { Point2 } from "../dicom/geometry";
import type { Shape } from "./graphics";

const SVG = "http://www.w3.org/2000/svg";

/** Draws shapes over an image, in an SVG element that lies on top of it. */
export class Overlay {
  #shapes: readonly Shape[] = [];

  constructor(
    private readonly svg: SVGSVGElement,
    private readonly toCanvas: (point: Point2) => Point2 | null,
  ) {}

  show(shapes: readonly Shape[]): void {
    this.#shapes = shapes;
    this.draw();
  }

  /** Draw again where the image now is. */
  draw(): void {
    this.svg.replaceChildren(...this.#shapes.flatMap((shape) => this.#paths(shape)));
  }

  /** A dark line under the bright one keeps the outline visible on every background. */
  #paths(shape: Shape): SVGPathElement[] {
    const data = shape.rings.map((ring) => this.#line(ring, shape.closed)).join("");
    return ["overlay-halo", shape.filled ? "overlay-mask" : "overlay-line"].map((name) => {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", data);
      path.setAttribute("class", name);
      return path;
    });
  }

  #line(ring: readonly Point2[], closed: boolean): string {
    const points = ring.map(this.toCanvas).filter((point) => point !== null);
    if (points.length === 0) return "";
    const steps = points.map(([x, y], index) => `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`);
    return steps.join("") + (closed ? "Z" : "");
  }
}
