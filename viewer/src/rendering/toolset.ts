import * as tools from "@cornerstonejs/tools";

/** What dragging with the first button does. */
export type ToolName = "Window/level" | "Pan" | "Zoom" | "Length";

export const TOOL_NAMES: readonly ToolName[] = ["Window/level", "Pan", "Zoom", "Length"];

const CLASSES = {
  "Window/level": tools.WindowLevelTool,
  Pan: tools.PanTool,
  Zoom: tools.ZoomTool,
  Length: tools.LengthTool,
} as const;

const { MouseBindings } = tools.Enums;

/** The other buttons and two fingers keep their meaning whatever tool is chosen. */
const FIXED: Partial<Record<ToolName, tools.Types.IToolBinding[]>> = {
  Pan: [{ mouseButton: MouseBindings.Auxiliary }],
  Zoom: [{ mouseButton: MouseBindings.Secondary }, { numTouchPoints: 2 }],
};

/** The tools of one viewport. */
export class Toolset {
  readonly #group: tools.Types.IToolGroup;
  #active: ToolName = "Window/level";

  constructor(
    private readonly id: string,
    viewportId: string,
    engineId: string,
  ) {
    const group = tools.ToolGroupManager.createToolGroup(id);
    if (!group) throw new Error("The viewport has its tools already");
    this.#group = group;
    for (const name of TOOL_NAMES) group.addTool(CLASSES[name].toolName);
    group.addViewport(viewportId, engineId);
    this.activate("Window/level");
  }

  activate(name: ToolName): void {
    this.#active = name;
    for (const other of TOOL_NAMES) this.#bind(other);
  }

  #bind(name: ToolName): void {
    const { toolName } = CLASSES[name];
    const bindings = [...(FIXED[name] ?? [])];
    if (name === this.#active) bindings.push({ mouseButton: MouseBindings.Primary });
    this.#group.setToolPassive(toolName, { removeAllBindings: true });
    if (bindings.length > 0) this.#group.setToolActive(toolName, { bindings });
  }

  dispose(): void {
    tools.ToolGroupManager.destroyToolGroup(this.id);
    tools.annotation.state.removeAllAnnotations();
  }
}
