/** The least that a platform can start. */
export const handler = async (): Promise<void> => {};
