/** Why a turn under way was broken off: the router is to stop, and has waited long enough for it to end. */
export class RouterStopping extends Error {
  override readonly name = "RouterStopping";

  constructor() {
    super("The router is stopping, and this turn took too long to be waited for.");
  }
}
