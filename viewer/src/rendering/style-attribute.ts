/**
 * Let the tools style the texts that they draw.
 *
 * They set the `style` attribute, which the page's policy (style-src 'self') refuses because a string from
 * elsewhere could be in it; the same declarations through the object model are allowed.
 */
export function styleTextsByObjectModel(): void {
  const { setAttribute } = SVGElement.prototype;
  SVGTextElement.prototype.setAttribute = function (name: string, value: string): void {
    if (name === "style") this.style.cssText = value;
    else setAttribute.call(this, name, value);
  };
}
