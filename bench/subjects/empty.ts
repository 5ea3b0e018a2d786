/** The smallest handler that a platform can start. */
export const handler = async (): Promise<void> => {};
