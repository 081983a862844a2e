/** A cancel or a question names a store this client has no credentials for: a fault in how the service was put together. */
export class UnknownStoreError extends Error {
  override readonly name = "UnknownStoreError";

  constructor(storeId: string) {
    super(`calling EBP for store ${JSON.stringify(storeId)}: no EBP credentials are configured for it`);
  }
}
