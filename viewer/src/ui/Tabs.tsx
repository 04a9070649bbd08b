import type { KeyboardEvent } from "react";

interface Props {
  label: string;
  tabs: readonly string[];
  selected: string;
  onSelect: (tab: string) => void;
}

export const tabId = (tab: string) => `tab-${tab.replaceAll(" ", "-")}`;
export const PANEL_ID = "tab-panel";

/** Tabs of one panel: the arrow keys move, the Tab key leaves. */
export function Tabs({ label, tabs, selected, onSelect }: Props) {
  const press = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = tabs[(tabs.indexOf(selected) + step + tabs.length) % tabs.length];
    if (!next) return;
    onSelect(next);
    document.getElementById(tabId(next))?.focus();
  };
  return (
    <div
      role="tablist"
      aria-label={label}
      onKeyDown={press}
      className="flex gap-1 overflow-x-auto border-b border-line px-2"
    >
      {tabs.map((tab) => (
        <button
          key={tab}
          id={tabId(tab)}
          type="button"
          role="tab"
          aria-selected={tab === selected}
          aria-controls={PANEL_ID}
          tabIndex={tab === selected ? 0 : -1}
          onClick={() => onSelect(tab)}
          className="border-b-2 border-transparent px-2.5 py-1.5 whitespace-nowrap text-muted hover:text-text aria-selected:border-accent aria-selected:text-text"
        >
          {tab}
        </button>
      ))}
    </div>
  );
}
