import type { ReceiverState, SimulatorState } from "../../protocol.ts";
import { words } from "../settings.ts";
import { ActionButton, act } from "./actions.tsx";

const states: readonly ReceiverState[] = ["up", "down", "revoked", "rejecting"];

/** Buttons that change the demo's world. */
export function Simulator({ state }: { readonly state: SimulatorState }) {
  const { simulator: text } = words.value;
  const run =
    (action: string, input: unknown = {}) =>
    () =>
      act(`/api/simulator/${action}`, input);
  return (
    <details class="simulator" open={innerWidth >= 900}>
      <summary>
        <strong>{text.title}</strong> <span class="muted">{text.about}</span>
      </summary>
      <div class="row wrap">
        <ActionButton isSmall run={run("start", { outcome: "success" })}>
          {text.start}
        </ActionButton>
        <ActionButton isSmall run={run("start", { outcome: "slow" })}>
          {text.slow}
        </ActionButton>
        <ActionButton isSmall run={run("burst")}>
          {text.burst}
        </ActionButton>
        <ActionButton isSmall run={run("fail")}>
          {text.fail}
        </ActionButton>
        <ActionButton
          isSmall
          isDangerous={state.isThrottled}
          run={run("throttle", { on: !state.isThrottled })}
        >
          {state.isThrottled ? text.unthrottle : text.throttle}
        </ActionButton>
        {Object.entries(state.sinks).map(([sink, current]) => (
          <label key={sink} class="row">
            <span>{sink}</span>
            <select
              class={`field small ${current === "up" ? "" : "alert"}`}
              value={current}
              onChange={({ currentTarget }) =>
                void act("/api/simulator/sink", { sink, state: currentTarget.value })
              }
            >
              {states.map((each) => (
                <option key={each} value={each}>
                  {text.states[each]}
                </option>
              ))}
            </select>
          </label>
        ))}
      </div>
    </details>
  );
}
