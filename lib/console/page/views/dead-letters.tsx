import { useSignal } from "@preact/signals";
import type { Redriven } from "../../../delivery/redrive.ts";
import type { DeadLetterRow, SinkRow } from "../../protocol.ts";
import { dayTime, plain } from "../format.ts";
import { useLoaded } from "../loaded.ts";
import { Confirm } from "../parts.tsx";
import { linkTo } from "../route.ts";
import { words } from "../settings.ts";
import { ActionButton, act } from "./actions.tsx";

const redrive = (selection: { readonly sink: string; readonly id?: string }): Promise<void> =>
  act<Redriven>("/api/actions/redrive", selection, ({ redriven, left }) =>
    words.value.sinks.redriven(redriven, left),
  );

const purge = (selection: { readonly sink: string; readonly id?: string }): Promise<void> =>
  act<{ readonly purged: number }>("/api/actions/purge", selection, ({ purged }) =>
    words.value.sinks.purged(purged),
  );

/** A sink's dead letters, each with what the receiver said, to be delivered again or deleted. */
export function DeadLetters({ sink: { name, state, deadLetters } }: { readonly sink: SinkRow }) {
  const letters = useLoaded<readonly DeadLetterRow[]>(
    `/api/dead-letters?sink=${encodeURIComponent(name)}`,
    deadLetters,
  );
  /** To be deleted after confirmation: one id, or all. */
  const asked = useSignal<string | null>(null);
  const all = "";
  /** A redrive leaves what has no sink. */
  const isRedrivable = state !== "removed";
  const { sinks: text, table } = words.value;
  if (letters.state === "loading") return <p class="muted">{words.value.story.loading}</p>;
  if (letters.state === "failed") return <p class="muted">{letters.reason}</p>;
  return (
    <>
      <div class="row wrap">
        {isRedrivable && <ActionButton run={() => redrive({ sink: name })}>{text.redrive}</ActionButton>}
        <ActionButton
          isDangerous
          run={async () => {
            asked.value = all;
          }}
        >
          {text.purge}
        </ActionButton>
      </div>
      <section class="table-scroll" tabIndex={0} aria-label={text.letters(deadLetters)}>
        <table class="table">
          <thead>
            <tr>
              <th>{table.task}</th>
              <th>{table.status}</th>
              <th>{text.reason}</th>
              <th>{text.said}</th>
              <th class="right">{text.tries}</th>
              <th class="right">{text.given}</th>
              <th>{text.actions}</th>
            </tr>
          </thead>
          <tbody>
            {letters.result.map((letter) => (
              <tr key={letter.id}>
                <th scope="row">
                  <a href={linkTo("sinks", letter.task)}>
                    <bdi>{plain(letter.taskName) || letter.id}</bdi>
                  </a>
                </th>
                <td>{plain(letter.to)}</td>
                <td>
                  <code>{letter.reason}</code>
                </td>
                <td class="wide">{plain(letter.detail)}</td>
                <td class="right numbers">{letter.attempts}</td>
                <td class="right numbers">{dayTime(letter.givenUpAtMs)}</td>
                <td>
                  <span class="row">
                    {isRedrivable && (
                      <ActionButton isSmall run={() => redrive({ sink: name, id: letter.id })}>
                        {text.redriveOne}
                      </ActionButton>
                    )}
                    <ActionButton
                      isSmall
                      isDangerous
                      run={async () => {
                        asked.value = letter.id;
                      }}
                    >
                      {text.purgeOne}
                    </ActionButton>
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {asked.value !== null && (
        <Confirm
          title={text.confirmTitle(asked.value === all ? deadLetters : 1)}
          text={text.confirmText}
          confirm={text.confirm}
          onClose={(isConfirmed) => {
            const id = asked.value;
            asked.value = null;
            if (isConfirmed && id !== null) void purge(id === all ? { sink: name } : { sink: name, id });
          }}
        />
      )}
    </>
  );
}
