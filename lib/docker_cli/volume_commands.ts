import { type Commands, MANY } from "./command.ts";
import { CommandError, filtersOf, inPath, mapOf, one, request } from "./request.ts";
import { given } from "./resources.ts";

export const volumeCommands: Commands = {
  "volume create": {
    text: "driver|d name",
    list: "opt|o label",
    usage: "[VOLUME]",
    takes: [0, 1],
    requests(flags) {
      const [named] = flags.arguments;
      const name = flags.text("name");
      if (named !== undefined && name !== undefined) {
        throw new CommandError("--name and VOLUME are the same");
      }
      return [request(
        "POST",
        "/volumes/create",
        {},
        given({
          Driver: flags.text("driver") ?? "local",
          DriverOpts: mapOf(flags.list("opt")),
          Labels: mapOf(flags.list("label")),
          Name: named ?? name,
        }),
      )];
    },
  },
  "volume ls": {
    list: "filter|f",
    ignoredBool: "quiet|q",
    ignoredText: "format",
    usage: "",
    takes: [0, 0],
    requests: (flags) => [
      request("GET", "/volumes", { filters: filtersOf(flags.list("filter")) }),
    ],
  },
  "volume inspect": {
    ignoredText: "format|f",
    usage: "VOLUME [VOLUME...]",
    takes: [1, MANY],
    requests: (flags) => flags.arguments.map((name) => request("GET", `/volumes/${inPath(name)}`)),
  },
  "volume rm": {
    bool: "force|f",
    usage: "VOLUME [VOLUME...]",
    takes: [1, MANY],
    requests: (flags) =>
      flags.arguments.map((name) =>
        request("DELETE", `/volumes/${inPath(name)}`, { force: one(flags.bool("force")) })
      ),
  },
  "volume prune": {
    bool: "all|a",
    list: "filter",
    ignoredBool: "force|f",
    usage: "",
    takes: [0, 0],
    requests(flags) {
      const all = flags.bool("all") ? ["all=true"] : [];
      const filters = filtersOf([...all, ...flags.list("filter")]);
      return [request("POST", "/volumes/prune", { filters })];
    },
  },
};
