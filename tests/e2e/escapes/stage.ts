import assert from "node:assert/strict";
import { engineSocket, unique } from "../../support/docker.ts";
import { type Reply, send } from "./send.ts";
import type { Call } from "./table.ts";

type Fields = Readonly<Record<string, unknown>>;

interface Role {
  readonly starts?: true;
  readonly fields: Fields;
  readonly host?: Fields;
  /** Has to be made again with this one. */
  readonly with?: string;
}

/** The containers of the stage. Those of the team carry its label, the others are somebody else's. */
const cast: Readonly<Record<string, Role>> = {
  running: { starts: true, fields: { Labels: { team: "ci" } } },
  own: { fields: { Labels: { team: "ci" } } },
  spare: { fields: { Labels: { team: "ci" } } },
  swap: { starts: true, fields: { Labels: { team: "ci" } } },
  victim: { starts: true, fields: { Env: ["SECRET=x"] } },
  bound: { fields: {}, host: { Binds: ["/etc:/e:ro"] } },
  linker: {
    fields: {},
    host: { Links: ["$victim:alias"], NetworkMode: "default" },
    with: "victim",
  },
};

/** In one order, since the engine lists in any. */
const lines = (things: unknown[]) => things.map((thing) => JSON.stringify(thing)).toSorted();

/**
 * What there is on the engine and on the host before anybody tries to escape: the words of the table. Beside the containers
 * above, whose ids are `$victim_id` and, from their beginning, `$victim_12` and `$victim_6` (a command prepared in it is `$victim_exec`): volumes `$plain` and
 * `$bindvolume` (a bind of /etc), images `app`, `ci/own` and `trusted`, networks `$network` and `$cinetwork`, and folders in `$dir`.
 */
export class Stage implements AsyncDisposable {
  readonly words = new Map<string, string>();
  readonly #directory: string;
  #before: ReadonlySet<string> = new Set();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async build(): Promise<Stage> {
    const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "es-" });
    const stage = new Stage(directory);
    stage.#before = new Set(await stage.#paths());
    await stage.#folders();
    await stage.#images();
    await stage.#volumesAndNetworks();
    await stage.mend();
    return stage;
  }

  get directory(): string {
    return this.#directory;
  }

  /** With a name that nobody has. */
  named(): Map<string, string> {
    return new Map([...this.words, ["name", unique("esc")]]);
  }

  direct(call: Partial<Call> & { path: string }): Promise<Reply> {
    return send(engineSocket, { headers: "", ...call }, this.words);
  }

  async get(path: string): Promise<unknown> {
    const { status, body } = await this.direct({ method: "GET", path });
    return status === 200 ? JSON.parse(body) : undefined;
  }

  /** Makes again what attempts have ended, renamed or taken away, and removes what is labelled as passing. */
  async mend(): Promise<void> {
    const made = new Set<string>();
    for (const [role, { starts, fields, host, with: other = "" }] of Object.entries(cast)) {
      const name = this.words.get(role) ?? unique(`esc-${role}`);
      const id = this.words.get(`${role}_id`);
      const found = id === undefined ? undefined : await this.get(`/containers/${id}/json`) as
        | { Name: string; State: { Running: boolean; Paused: boolean } }
        | undefined;
      const stands = found?.Name === `/${name}` && found.State.Running === (starts ?? false) &&
        !found.State.Paused;
      if (stands && !made.has(other)) continue;
      made.add(role);
      if (found !== undefined) await this.#remove(`/containers/${id}?force=1&v=1`);
      await this.#remove(`/containers/${name}?force=1&v=1`);
      this.words.set(role, name);
      const body = {
        Image: "app",
        Cmd: ["sleep", "1000"],
        ...fields,
        HostConfig: { NetworkMode: "none", ...host },
      };
      const { Id } = await this.#make(`/containers/create?name=${name}`, body) as { Id: string };
      this.#identify(role, Id);
      if (!starts) continue;
      await this.direct({ path: `/containers/${Id}/start` });
      const exec = await this.#make(`/containers/${Id}/exec`, { Cmd: ["true"] });
      this.words.set(`${role}_exec`, (exec as { Id: string }).Id);
    }
    await this.direct({ path: "/images/$trusted_id/tag?repo=trusted" });
    const passing = encodeURIComponent(JSON.stringify({ label: ["passing"] }));
    const listed = await this.get(`/containers/json?all=1&filters=${passing}`) as { Id: string }[];
    for (const { Id } of listed) await this.#remove(`/containers/${Id}?force=1`);
  }

  /** Everything that an attempt could have changed. */
  async state(): Promise<Readonly<Record<string, readonly string[]>>> {
    const paths = [
      ...["/containers/json?all=1", "/images/json?all=1", "/volumes", "/networks"],
      ...["running", "own", "victim"].map((role) => `/containers/$${role}_id/json`),
    ];
    const got = await Promise.all(paths.map((path) => this.get(path)));
    const [containers, images, volumes, networks, ...inspected] = got as [
      ...[Fields[], Fields[], { Volumes: Fields[] | null }, Fields[]],
      ...(Fields | undefined)[],
    ];
    return {
      containers: lines(
        containers.map((c) => [c["Id"], (c["Names"] as string[]).toSorted(), c["State"]]),
      ),
      images: lines(images.map((i) => [i["Id"], (i["RepoTags"] as string[] | null)?.toSorted()])),
      volumes: lines((volumes.Volumes ?? []).map((v) => [v["Name"], v["Options"]])),
      networks: lines(networks.map((n) => [n["Id"], n["Name"]])),
      cast: lines(inspected.map((c) => [
        ...[c?.["Name"], c?.["HostConfig"], c?.["NetworkSettings"]],
        (c?.["ExecIDs"] as string[] | null | undefined)?.toSorted(),
      ])),
      host: this.#marks(this.#directory).toSorted(),
    };
  }

  /** Takes away what a call has made under this name. */
  async clear({ path }: Call, name: string): Promise<void> {
    if (/\/(containers|networks)\//.test(path)) {
      await this.#remove(`/containers/${name}?force=1&v=1`);
      await this.#remove(`/volumes/${name}-v`);
    }
    if (path.includes("/volumes/")) await this.#remove(`/volumes/${name}`);
    if (path.includes("/networks/")) await this.#remove(`/networks/${name}`);
    if (!/repo=|\/build|\/load/.test(path)) return;
    for (const image of [name, `ci/${name}`]) await this.#remove(`/images/${image}?force=1`);
  }

  /** Leaves the engine with what it had before. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (let left = Infinity;;) {
      const more = (await this.#paths()).filter((path) => !this.#before.has(path));
      // An image goes only after those that were made from it.
      if (more.length === 0 || more.length === left) break;
      left = more.length;
      for (const path of more) await this.#remove(`${path}?force=1`);
    }
    await Deno.remove(this.#directory, { recursive: true });
  }

  /** Every container, image, volume and network by its path. */
  async #paths(): Promise<string[]> {
    const containers = await this.get("/containers/json?all=1") as Fields[];
    const images = await this.get("/images/json?all=1") as Fields[];
    const volumes = await this.get("/volumes") as { Volumes: Fields[] | null };
    const networks = await this.get("/networks") as Fields[];
    return [
      ...containers.map((c) => `/containers/${c["Id"]}`),
      ...images.map((i) => `/images/${i["Id"]}`),
      ...(volumes.Volumes ?? []).map((v) => `/volumes/${v["Name"]}`),
      ...networks.map((n) => `/networks/${n["Id"]}`),
    ];
  }

  async #folders(): Promise<void> {
    const made = ["open/real", "open-not", "closed", "readable", "a b", "ä"];
    for (const path of made) await Deno.mkdir(`${this.#directory}/${path}`, { recursive: true });
    await Deno.symlink("/etc", `${this.#directory}/open/link`);
    this.words.set("dir", this.#directory).set("engine", engineSocket);
  }

  async #images(): Promise<void> {
    const { Id } = await this.#make("/containers/create", { Image: "bb", Cmd: ["true"] }) as {
      Id: string;
    };
    for (const image of ["app", "ci/own", "trusted"]) {
      const change = encodeURIComponent(`LABEL is=${image}`);
      const query = `container=${Id}&repo=${image}&changes=${change}`;
      const made = await this.#make(`/commit?${query}`, { Cmd: ["true"] }) as { Id: string };
      if (image === "trusted") this.#identify("trusted", made.Id.slice("sha256:".length), made.Id);
    }
    await this.#remove(`/containers/${Id}`);
  }

  async #volumesAndNetworks(): Promise<void> {
    const bind = { type: "none", o: "bind", device: "/etc" };
    for (const [word, DriverOpts] of [["plain", {}], ["bindvolume", bind]] as const) {
      this.words.set(word, unique(word));
      await this.#make("/volumes/create", { Name: this.words.get(word), DriverOpts });
    }
    for (const [word, prefix] of [["network", "network"], ["cinetwork", "ci-network"]] as const) {
      this.words.set(word, unique(prefix));
      const made = await this.#make("/networks/create", { Name: this.words.get(word) });
      this.#identify(word, (made as { Id: string }).Id);
    }
    this.#identify("hostnet", (await this.get("/networks/host") as { Id: string }).Id);
  }

  #identify(word: string, hex: string, id = hex): void {
    this.words.set(`${word}_id`, id).set(`${word}_hex`, hex);
    for (const digits of [4, 6, 12]) this.words.set(`${word}_${digits}`, hex.slice(0, digits));
  }

  async #make(path: string, body: Fields): Promise<unknown> {
    const headers = "Content-Type: application/json\r\n";
    const reply = await this.direct({ path, body: JSON.stringify(body), headers });
    assert.equal(reply.status, 201, `${path}: ${reply.body}`);
    return JSON.parse(reply.body);
  }

  #remove(path: string): Promise<Reply> {
    return this.direct({ method: "DELETE", path });
  }

  #marks(directory: string): string[] {
    return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) => [
      `${directory}/${name}`,
      ...(isDirectory ? this.#marks(`${directory}/${name}`) : []),
    ]);
  }
}
