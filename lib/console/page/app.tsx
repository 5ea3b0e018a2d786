import { useSignal } from "@preact/signals";
import { Glyph } from "./parts.tsx";
import { linkTo, type View, view, views } from "./route.ts";
import { connection, enterToken, retryAtMs } from "./session.ts";
import { language, theme, words } from "./settings.ts";
import { meta, now, sinks, streams, trouble } from "./state.ts";
import { lookOfSink } from "./status.ts";
import { notice } from "./views/actions.tsx";
import { EventsView } from "./views/events.tsx";
import { Simulator } from "./views/simulator.tsx";
import { SinksView } from "./views/sinks.tsx";
import { Story } from "./views/story.tsx";
import { StreamsView } from "./views/streams.tsx";
import { TimelineView } from "./views/timeline.tsx";

export function App() {
  const isKnown = meta.value !== null;
  const isRefused = connection.value === "denied" || (connection.value === "full" && !isKnown);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.querySelector<HTMLElement>("main")?.focus()}>
        {words.value.skip}
      </button>
      <Header />
      <Banners />
      <main tabIndex={-1}>{isRefused ? <Refused /> : isKnown ? <CurrentView /> : <Loading />}</main>
      {!isRefused && isKnown && <Story />}
      <Notice />
    </>
  );
}

function CurrentView() {
  const simulator = meta.value?.simulator;
  return (
    <>
      {simulator && <Simulator state={simulator} />}
      {view.value === "timeline" && <TimelineView />}
      {view.value === "events" && <EventsView />}
      {view.value === "sinks" && <SinksView />}
      {view.value === "streams" && <StreamsView />}
    </>
  );
}

function Header() {
  const { modes, main, readOnly, readOnlyHint, views: names } = words.value;
  const current = meta.value;
  return (
    <header class="top">
      <a class="brand" href={linkTo("timeline")}>
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="8" />
          <path d="M8 10h11M13 16h12M9 22h7" />
        </svg>
        <h1>dms-task-bridge</h1>
      </a>
      <nav aria-label={main}>
        {views.map((each) => (
          <a key={each} href={linkTo(each)} aria-current={view.value === each ? "page" : undefined}>
            {names[each]}
            <Mark view={each} />
          </a>
        ))}
      </nav>
      <div class="row status">
        <Live />
        {current && (
          <span class="tag">
            {modes[current.mode]}
            {current.mode !== "demo" && ` · ${current.store}`}
          </span>
        )}
        {current && !current.allowsChanges && (
          <span class="tag" title={readOnlyHint}>
            {readOnly}
          </span>
        )}
        <Settings />
      </div>
    </header>
  );
}

/** A mark at the views in which something is wrong. */
function Mark({ view: at }: { readonly view: View }) {
  const { sinks: sinkWords, streams: streamWords } = words.value;
  const failing = sinks.value.filter(({ state }) => state !== "healthy").length;
  const unreadable = streams.value.filter(({ error }) => error !== null).length;
  const amount = at === "sinks" ? failing : at === "streams" ? unreadable : 0;
  if (amount === 0) return null;
  return (
    <span class="mark tone-warn">
      <Glyph look={lookOfSink.failing} />
      {amount}
      <span class="hidden">{at === "sinks" ? sinkWords.states.failing : streamWords.failing}</span>
    </span>
  );
}

function Live() {
  const { live, connecting, lost } = words.value;
  const isLive = connection.value === "live";
  const text = isLive ? live : connection.value === "connecting" ? connecting : lost;
  return (
    <span class={`live ${isLive ? "on" : ""}`} role="status">
      <span class="dot" aria-hidden="true" />
      {text}
    </span>
  );
}

const themeOrder = ["auto", "light", "dark"] as const;
const themePaths = {
  auto: "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
  light:
    "M8 5.2a2.8 2.8 0 1 0 0 5.6a2.8 2.8 0 1 0 0-5.6zM8 1.4v1M8 13.6v1M1.4 8h1M13.6 8h1M3.3 3.3l.7.7M12 12l.7.7M3.3 12.7l.7-.7M12 4l.7-.7",
  dark: "M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8z",
} as const;

/** Colours and language, each a button that goes on to the next choice. */
function Settings() {
  const { theme: title, themes, otherLanguage } = words.value;
  const current = theme.value;
  return (
    <>
      <button
        type="button"
        class="button plain icon small"
        aria-label={`${title}: ${themes[current]}`}
        title={`${title}: ${themes[current]}`}
        onClick={() => {
          theme.value = themeOrder[(themeOrder.indexOf(current) + 1) % themeOrder.length] ?? "auto";
        }}
      >
        <svg viewBox="0 0 16 16" aria-hidden="true" class={current === "auto" ? "half" : ""}>
          <path d={themePaths[current]} />
        </svg>
      </button>
      <button
        type="button"
        class="button plain small"
        lang={language.value === "zh" ? "en" : "zh-CN"}
        onClick={() => {
          language.value = language.value === "zh" ? "en" : "zh";
        }}
      >
        {otherLanguage}
      </button>
    </>
  );
}

function Banners() {
  const { lostBanner, retryNow, storeBanner, inTime, units } = words.value;
  const isLost = connection.value === "lost";
  const seconds = Math.max(0, Math.ceil((retryAtMs.value - Date.now()) / 1_000));
  now.value;
  return (
    <div aria-live="polite">
      {isLost && (
        <p class="banner tone-warn">
          <Glyph look={lookOfSink.failing} />
          <span>
            {lostBanner}{" "}
            <span class="numbers">
              {retryNow} {inTime(`${seconds} ${units.s}`)}
            </span>
          </span>
        </p>
      )}
      {trouble.value !== null && (
        <p class="banner tone-fail">
          <Glyph look={lookOfSink.blocked} />
          <span>
            {storeBanner} {trouble.value}
          </span>
        </p>
      )}
    </div>
  );
}

function Refused() {
  const { denied, full } = words.value;
  const pasted = useSignal("");
  if (connection.value === "full")
    return (
      <div class="card refused">
        <h2>{full.title}</h2>
        <p class="muted">{full.text}</p>
      </div>
    );
  return (
    <form
      class="card refused"
      onSubmit={(event) => {
        event.preventDefault();
        enterToken(pasted.value);
      }}
    >
      <h2>{denied.title}</h2>
      <p class="muted">{denied.text}</p>
      <label>
        {denied.label}
        <input
          class="field"
          type="password"
          autoComplete="off"
          required
          value={pasted.value}
          onInput={({ currentTarget }) => {
            pasted.value = currentTarget.value;
          }}
        />
      </label>
      <button type="submit" class="button primary">
        {denied.button}
      </button>
    </form>
  );
}

function Loading() {
  return (
    <div class="skeleton page" role="status" aria-label={words.value.connecting}>
      <span />
      <span />
      <span />
      <span />
      <span />
    </div>
  );
}

function Notice() {
  return (
    <div class="notices" role="status">
      {notice.value && <p class={notice.value.isBad ? "bad" : ""}>{notice.value.text}</p>}
    </div>
  );
}
