/** Reasons why a delivery failed. */
export const failureReasons = [
  "timeout",
  "network",
  "throttled",
  "server_error",
  "unauthorized",
  "not_found",
  "gone",
  "redirected",
  "refused_address",
  "unroutable",
  "too_large",
  "rejected",
  "defect",
] as const;

/** Why a delivery failed. */
export type FailureReason = (typeof failureReasons)[number];

/**
 * A sink's result for one event. `accepted`: delivered. `retry`: may succeed later. `blocked`: an operator must fix the
 * sink; all events are kept. `permanent`: this event can never succeed.
 */
export type DeliveryResult =
  | {
      readonly kind: "accepted";
      /**
       * Reference to the sink's message about the task, in the sink's own format: at most 200 characters, no secrets.
       */
      readonly message?: string;
    }
  | {
      readonly kind: "retry" | "blocked";
      readonly reason: FailureReason;
      readonly detail: string;
      /** HTTP status of the response; omitted without one. */
      readonly status?: number;
      /** Milliseconds to wait before the sink is tried again. */
      readonly retryAfterMs?: number;
    }
  | {
      readonly kind: "permanent";
      readonly reason: FailureReason;
      readonly detail: string;
      readonly status?: number;
    };

/** Every result except `accepted`. */
export type Refusal = Exclude<DeliveryResult, { readonly kind: "accepted" }>;

/** Classification of a receiver's code or error: the result kind and the failure reason. */
export type RefusalClass = readonly [kind: Refusal["kind"], reason: FailureReason];
