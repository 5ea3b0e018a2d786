import { eachOf } from "../../async/each.ts";
import {
  type DeadLetter,
  type DeadLetterStore,
  decodeDeadLetter,
  encodeDeadLetter,
  matchesFilter,
} from "../../delivery/dead-letters.ts";
import { pack, unpack } from "../packed.ts";
import { bytesOf, type Item, textOf } from "./item.ts";
import type { Table } from "./table.ts";

/** `pk` of every dead letter; a stream's key contains slashes. */
const deadLetterKind = "dead-letter";
const callsAtOnce = 8;

/** Dead letters in the checkpoint table, one item each, without expiry. */
export function dynamodbDeadLetters(table: Table): DeadLetterStore {
  return {
    put: (letters) =>
      eachOf(letters, callsAtOnce, async (letter) => {
        await table.put(keyOf(letter.id), { letter: { B: pack(encodeDeadLetter(letter)) } });
      }),
    list: async (filter) => {
      const { sink, id } = filter;
      const items = await table.query(deadLetterKind, id ?? (sink === undefined ? "" : `${sink}:`));
      return items
        .map(letterIn)
        .filter((letter) => matchesFilter(letter, filter))
        .sort((a, b) => a.givenUpAtMs - b.givenUpAtMs || a.sequence - b.sequence);
    },
    remove: (ids) => eachOf(ids, callsAtOnce, (id) => table.delete(keyOf(id))),
    close: () => table.close(),
  };
}

const keyOf = (id: string) => ({ pk: deadLetterKind, sk: id });

function letterIn(item: Item): DeadLetter {
  const id = textOf(item, "sk");
  return decodeDeadLetter(unpack(bytesOf(item, "letter"), `dead letter ${id}`), id);
}
