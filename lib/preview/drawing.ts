import * as v from "valibot";
import type { Html } from "./html.ts";

/** How a platform shows a message: enough of its looks to judge ours by. */
export interface Drawing {
  /** Class of the element that the messages stand in. */
  readonly looks: string;
  /** Rules for what stands below that element. */
  readonly css: string;
  /** @throws ValiError for a message of a form that the drawing does not know */
  draw(body: string): Html;
}

/** Draws a JSON message of the given form. */
export const drawJson =
  <Schema extends v.GenericSchema>(message: Schema, show: (message: v.InferOutput<Schema>) => Html) =>
  (body: string): Html =>
    show(v.parse(message, JSON.parse(body)));
