import * as v from "valibot";
import type { Html } from "./html.ts";

/** Draws a message roughly as its platform shows it. */
export interface Drawing {
  /** Class of the element around the messages. */
  readonly looks: string;
  /** CSS rules inside that element. */
  readonly css: string;
  /** @throws ValiError for an unknown form of message */
  draw(body: string): Html;
}

/** Draws a JSON message of the given form. */
export const drawJson =
  <Schema extends v.GenericSchema>(message: Schema, show: (message: v.InferOutput<Schema>) => Html) =>
  (body: string): Html =>
    show(v.parse(message, JSON.parse(body)));
