import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { useLoaded } from "../loaded.ts";
import { language, words } from "../settings.ts";
import { sinks } from "../state.ts";

const platforms = {
  slack: "Slack",
  teams: "Teams",
  discord: "Discord",
  telegram: "Telegram",
  feishu: "Feishu / Lark",
  dingtalk: "DingTalk",
  wecom: "WeCom",
  googlechat: "Google Chat",
  mattermost: "Mattermost",
} as const;

/** Last choice of a person, for the next task. */
let chosen: string | null = null;

/** The message that a chat sink sends for an event, drawn in a frame without scripts. */
export function ChatMessage({ event }: { readonly event: string }) {
  const configured = sinks.value.filter(({ isChat }) => isChat);
  const sink = useSignal(chosen ?? configured[0]?.name ?? "slack");
  const drawn = useLoaded<{ readonly url: string }>("/api/message", event, {
    event,
    sink: sink.value,
    language: language.value,
  });
  const { story } = words.value;
  return (
    <div class="message">
      <label class="row">
        <span class="muted">{story.messageAs}</span>
        <select
          class="field"
          value={sink.value}
          onChange={({ currentTarget }) => {
            chosen = currentTarget.value;
            sink.value = currentTarget.value;
          }}
        >
          {configured.length > 0 && (
            <optgroup label={story.configured}>
              {configured.map(({ name, type }) => (
                <option key={name} value={name}>
                  {name} ({type})
                </option>
              ))}
            </optgroup>
          )}
          <optgroup label={story.examples}>
            {Object.entries(platforms).map(([type, title]) => (
              <option key={type} value={type}>
                {title}
              </option>
            ))}
          </optgroup>
        </select>
      </label>
      {drawn.state === "failed" && (
        <p class="muted">
          {story.messageFailed} {drawn.reason}
        </p>
      )}
      {drawn.state === "loaded" && <Frame url={drawn.result.url} />}
    </div>
  );
}

/** As high as its message, which has no script to tell. */
function Frame({ url }: { readonly url: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const fit = (): void => {
    const height = frame.current?.contentDocument?.documentElement.scrollHeight;
    if (frame.current && height) frame.current.style.height = `${Math.min(height, 900)}px`;
  };
  return (
    <iframe
      ref={frame}
      src={url}
      title={words.value.story.message}
      sandbox="allow-same-origin"
      onLoad={fit}
    />
  );
}
