/** One way to let other processes see the status of a router. */
export interface StatusChannel {
  readonly name: string;
  readonly setting: string;
  /** Why it can not be measured on this machine; `undefined` if it can. */
  unavailable?(): string | undefined;
  openWriter(directory: string): Promise<StatusWriter>;
  /** Follows the status until the process ends. Resolves when nothing reported from now on can be missed. */
  openWatcher(directory: string, onUpdate: (number: number) => void): Promise<void>;
}

export interface StatusWriter {
  /** Reports the update of this number; resolves when the channel says that it is done. */
  report(number: number): Promise<void>;
  close(): Promise<void>;
}

export const channels = {
  holdfast: async (): Promise<StatusChannel> => (await import("./holdfast-channel.js")).holdfastChannel,
  redis: async (): Promise<StatusChannel> => (await import("./redis-channel.js")).redisChannel,
  "redis-durable": async (): Promise<StatusChannel> => (await import("./redis-channel.js")).redisDurableChannel,
} as const;

export type ChannelName = keyof typeof channels;

export const channelNames = Object.keys(channels) as ChannelName[];
