import { useHealth, useRoom } from "./health";
import { type Notice, noticesOf } from "./notices";

/** What is the matter with the node, on every page; nothing when nothing is. */
export function Notices() {
  const health = useHealth();
  const room = useRoom(health);
  return <NoticeList notices={health ? noticesOf(health, room) : []} />;
}

export function NoticeList({ notices }: { notices: readonly Notice[] }) {
  const calm = notices.filter(({ urgent }) => !urgent);
  return (
    <div className="bg-surface">
      {notices.map(
        ({ text, urgent }) =>
          urgent && (
            <p
              key={text}
              role="alert"
              aria-label={text}
              className="border-b border-danger/50 bg-danger/10 px-3 py-1.5 text-danger"
            >
              {text}
            </p>
          ),
      )}
      {/* There before its text: a reader that follows it hears what comes. */}
      <div role="status" aria-label={calm.map(({ text }) => text).join(" ") || "Notices"}>
        {calm.map(({ text }) => (
          <p key={text} className="border-b border-warn/50 bg-warn/10 px-3 py-1.5 text-warn">
            {text}
          </p>
        ))}
      </div>
    </div>
  );
}
