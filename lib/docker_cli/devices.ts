import { keyAndValue } from "./request.ts";
import { commaSeparated, integer, wrong } from "./units.ts";

/** A device by its Container Device Interface name, `vendor.com/class=name`: the engine passes it to the runtime. */
const CDI = /^[a-z][a-z0-9._-]*\/[a-z][a-z0-9_-]*=[a-z0-9._:-]+$/i;

/** `--device /dev/sda:/dev/xvda:r`. */
export function devices(flags: readonly string[]) {
  return flags.filter((flag) => !CDI.test(flag)).map((flag) => {
    const [host, second, third, ...more] = flag.split(":") as [string, string?, string?];
    if (host === "" || more.length > 0) throw wrong("--device", "HOST[:CONTAINER[:rwm]]", flag);
    const onlyMode = third === undefined && second !== undefined && /^[rwm]{1,3}$/.test(second);
    return {
      PathOnHost: host,
      PathInContainer: onlyMode ? host : second ?? host,
      CgroupPermissions: (onlyMode ? second : third) ?? "rwm",
    };
  });
}

/** `--gpus all`, `--gpus 2`, `--gpus device=0,capabilities=utility`, and devices by CDI name. */
export function deviceRequests(gpus: readonly string[], deviceFlags: readonly string[]) {
  const named = deviceFlags.filter((flag) => CDI.test(flag));
  return [
    ...gpus.map(gpuRequest),
    ...(named.length === 0 ? [] : [{ Driver: "cdi", DeviceIDs: named }]),
  ];
}

function gpuRequest(flag: string) {
  const request: Record<string, unknown> = {};
  let capabilities: string[] = [];
  for (const field of commaSeparated("--gpus", flag)) {
    const [key, value] = keyAndValue(field);
    if (value === undefined) request["Count"] = count(key);
    else if (key === "count") request["Count"] = count(value);
    else if (key === "device") request["DeviceIDs"] = value.split(",");
    else if (key === "driver") request["Driver"] = value;
    else if (key === "capabilities") capabilities = value.split(",");
    else if (key === "options") {
      request["Options"] = Object.fromEntries(commaSeparated("--gpus", value).map(keyAndValue));
    } else {throw wrong(
        "--gpus",
        "all, a number, or device=, count=, driver=, capabilities=, options=",
        flag,
      );}
  }
  if (request["Count"] === undefined && request["DeviceIDs"] === undefined) request["Count"] = 1;
  request["Capabilities"] = [[...capabilities, "gpu"]];
  return request;
}

const count = (text: string) => text === "all" ? -1 : integer("--gpus", text);
