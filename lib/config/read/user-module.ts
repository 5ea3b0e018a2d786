/** A module of the user's. */
export interface UserModule {
  readonly path: string;
  /** Names it in messages. */
  readonly field: string;
  /** Whether it is the configuration itself: messages then begin with the place in it. */
  readonly isConfig: boolean;
}
