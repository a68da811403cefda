import type OpenAI from "openai";
import { checkFile } from "../checks/check-files.js";
import { Client, type ClientTools } from "./client.js";
import { FileKeeper } from "./file-keeper.js";

/** So many files it keeps; then it makes room. */
const mostFiles = 25;

/** Uploads files, downloads them again, and deletes some. */
export class FileClient extends Client {
  readonly #keeper: FileKeeper;

  constructor(tools: ClientTools) {
    super(tools);
    this.#keeper = new FileKeeper(`${this.name}, file`, this.ledger, this.random);
  }

  override async settle(client: OpenAI): Promise<void> {
    await this.#keeper.settle(client);
  }

  override async prove(client: OpenAI): Promise<void> {
    await checkFile(client, this.ledger, await this.#keeper.upload(client));
  }

  protected override async step(client: OpenAI): Promise<void> {
    await this.settle(client);
    const [known] = this.random.sample([...this.#keeper.files], 1);
    const choice = this.random.next();
    if (known === undefined || choice < 0.5) await this.#keeper.upload(client);
    else if (choice < 0.7 && this.#keeper.files.size < mostFiles) await this.#keeper.download(client, known);
    else await this.#keeper.delete(client, known);
  }

  protected override beginAnew(): void {
    this.#keeper.forget();
  }
}
