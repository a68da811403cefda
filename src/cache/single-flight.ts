/** What a leader leaves for those who wait: JSON of the value, or nothing if they have to see for themselves. */
type Outcome = string | undefined;

/** One computation under way, which several callers may wait for. */
export class Flight {
  /** How many wait. */
  followers = 0;
  /** Whether the key was deleted meanwhile: what is being computed may be what was to be forgotten. */
  invalidated = false;
  readonly outcome: Promise<Outcome>;
  readonly land: (outcome: Outcome) => void;

  constructor() {
    const { promise, resolve } = withResolvers<Outcome>();
    this.outcome = promise;
    this.land = resolve;
  }
}

/** The computations under way in this process, by key. */
export class Flights {
  readonly #flights = new Map<string, Flight>();

  /** The one to wait for, if there is one. */
  of(key: string): Flight | undefined {
    return this.#flights.get(key);
  }

  begin(key: string): Flight {
    const flight = new Flight();
    this.#flights.set(key, flight);
    return flight;
  }

  /** Nobody joins any more; those who wait get the outcome. */
  end(key: string, flight: Flight, outcome: Outcome): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
    flight.land(outcome);
  }

  /** Nobody joins any more, and the outcome is not to be stored. Without a key, of all. */
  invalidate(key?: string): void {
    for (const [name, flight] of this.#flights) {
      if (key !== undefined && name !== key) continue;
      flight.invalidated = true;
      this.#flights.delete(name);
    }
  }
}

function withResolvers<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve: ((value: Value) => void) | undefined;
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  // The executor of a promise runs before its constructor returns.
  return { promise, resolve: resolve as (value: Value) => void };
}
