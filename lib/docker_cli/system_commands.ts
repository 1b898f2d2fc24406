import { type Commands, MANY } from "./command.ts";
import { pruneImages } from "./image_commands.ts";
import { type CliRequest, filtersOf, inPath, one, request } from "./request.ts";
import { time } from "./time.ts";

export const systemCommands: Commands = {
  "system info": {
    ignoredText: "format|f",
    usage: "",
    takes: [0, 0],
    requests: () => [request("GET", "/info")],
  },
  version: {
    ignoredText: "format|f",
    usage: "",
    takes: [0, 0],
    requests: () => [request("GET", "/version")],
  },
  "system df": {
    ignoredBool: "verbose|v",
    ignoredText: "format",
    usage: "",
    takes: [0, 0],
    requests: () => [request("GET", "/system/df")],
  },
  "system events": {
    text: "since until",
    list: "filter|f",
    ignoredText: "format",
    usage: "",
    takes: [0, 0],
    requests: (flags) => [request("GET", "/events", {
      filters: filtersOf(flags.list("filter")),
      since: time(flags.text("since")),
      until: time(flags.text("until")),
    })],
  },
  "system prune": {
    bool: "all|a volumes",
    list: "filter",
    ignoredBool: "force|f",
    usage: "",
    takes: [0, 0],
    requests(flags) {
      const filters = filtersOf(flags.list("filter"));
      return [
        request("POST", "/containers/prune", { filters }),
        request("POST", "/networks/prune", { filters }),
        ...(flags.bool("volumes") ? [request("POST", "/volumes/prune", { filters })] : []),
        pruneImages(flags),
        request("POST", "/build/prune", { all: one(flags.bool("all")), filters: filters ?? "" }),
      ];
    },
  },
  inspect: {
    bool: "size|s",
    text: "type",
    ignoredText: "format|f",
    usage: "NAME|ID [NAME|ID...]",
    takes: [1, MANY],
    requests(flags) {
      const type = flags.text("type");
      const size = one(flags.bool("size"));
      return flags.arguments.flatMap((name) => {
        const kinds: [string, CliRequest][] = [
          ["container", request("GET", `/containers/${inPath(name)}/json`, { size })],
          ["image", request("GET", `/images/${inPath(name)}/json`)],
          ["network", request("GET", `/networks/${inPath(name)}`)],
          ["volume", request("GET", `/volumes/${inPath(name)}`)],
        ];
        const asked = kinds.filter(([kind]) => type === undefined || kind === type);
        return asked.map(([, made], n) =>
          n === 0 ? made : { ...made, only: `no ${asked[n - 1]![0]} has that name` }
        );
      });
    },
  },
  login: {
    text: "username|u password|p",
    ignoredBool: "password-stdin",
    usage: "[SERVER]",
    takes: [0, 1],
    // No password: what somebody wrote there has no place in an explanation.
    requests: (flags) => [request("POST", "/auth", {}, {
      username: flags.text("username") ?? "",
      serveraddress: flags.arguments[0] ?? "https://index.docker.io/v1/",
    })],
  },
};
