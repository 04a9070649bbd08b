import { type Preset, presetNamed, presetsFor, type Window } from "../rendering/presets";
import { TOOL_NAMES, type ToolName } from "../rendering/toolset";

interface Props {
  tool: ToolName;
  onTool: (tool: ToolName) => void;
  modality: string;
  window: Window | null;
  /** The window that the image itself asks for. */
  ownWindow: Window | null;
  onPreset: (preset: Preset) => void;
  onReset: () => void;
  onInvert: () => void;
  inverted: boolean;
  overlay: boolean;
  onOverlay: (on: boolean) => void;
}

const BUTTON =
  "h-7 rounded border border-transparent px-2 whitespace-nowrap text-muted hover:bg-raised hover:text-text aria-pressed:border-accent aria-pressed:bg-selected aria-pressed:text-text";

export function ViewerToolbar(props: Props) {
  const { tool, onTool, onReset, onInvert, inverted, overlay, onOverlay } = props;
  return (
    <div
      role="toolbar"
      aria-label="Tools"
      className="flex items-center gap-0.5 overflow-x-auto border-b border-line bg-surface px-1.5 py-1 max-sm:flex-wrap"
    >
      {TOOL_NAMES.map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={name === tool}
          className={BUTTON}
          onClick={() => onTool(name)}
        >
          {name}
        </button>
      ))}
      <button type="button" className={BUTTON} onClick={onReset} title="R">
        Reset view
      </button>
      <button type="button" className={BUTTON} onClick={onInvert} aria-pressed={inverted} title="I">
        Invert
      </button>
      <PresetSelect {...props} />
      <label className="ml-2 flex items-center gap-1.5 whitespace-nowrap text-muted">
        <input type="checkbox" checked={overlay} onChange={(event) => onOverlay(event.target.checked)} />
        Show overlay
      </label>
    </div>
  );
}

const OWN = "";

function PresetSelect({ modality, window, ownWindow, onPreset }: Props) {
  const presets = presetsFor(modality);
  const name = presetNamed(modality, window, ownWindow) ?? OWN;
  return (
    <select
      aria-label="Window preset"
      className="ml-2 h-7 rounded border border-line bg-field px-1.5"
      value={name}
      // Until an image is there, there is no window to choose.
      disabled={window === null}
      onChange={(event) => {
        const preset = presets.find((candidate) => candidate.name === event.target.value);
        if (preset) onPreset(preset);
      }}
    >
      {name === OWN && (
        <option value={OWN} disabled>
          {window ? "Custom" : "Window"}
        </option>
      )}
      {presets.map((preset) => (
        <option key={preset.name} value={preset.name}>
          {preset.name}
        </option>
      ))}
    </select>
  );
}
