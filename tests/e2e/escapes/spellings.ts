// One harm, said in JSON that two readers read differently: the engine's reading counts.
import { create, type Escape, escape, spelt } from "./table.ts";

const harmless = '{"Image":"app","HostConfig":{"Privileged":false}}';
const privileged = { shows: { Privileged: true } };
const one = (name: string, denied: Escape["denied"], attempt: string, more = {}) =>
  spelt(name, denied, attempt, harmless, { ...privileged, ...more });
const body = (inner: string) => `{"Image":"app",${inner}}`;

/** Fields that engines up to 26 take from the top level when HostConfig is not there. */
const topLevel: readonly [string, unknown][] = [
  ["Privileged", true],
  ["CapAdd", ["CAP_SYS_ADMIN"]],
  ["SecurityOpt", ["seccomp=unconfined"]],
  ["DeviceCgroupRules", ["a *:* rwm"]],
  ["VolumesFrom", ["$bound"]],
  ["CgroupParent", "/x"],
  ["Mounts", [{ Type: "bind", Source: "/", Target: "/h" }]],
];

export const spellingEscapes: readonly Escape[] = [
  one("HostConfig is in small letters", "unknown_fields", body('"hostconfig":{"Privileged":true}')),
  one("HostConfig is in capitals", "unknown_fields", body('"HOSTCONFIG":{"Privileged":true}')),
  one("Privileged is in small letters", "unknown_fields", body('"HostConfig":{"privileged":true}')),
  one("Privileged is in capitals", "unknown_fields", body('"HostConfig":{"PRIVILEGED":true}')),
  one(
    "HostConfig is written with a long s",
    "unknown_fields",
    body('"Ho\u017ftConfig":{"Privileged":true}'),
  ),
  one(
    "HostConfig is written with an escaped long s",
    "unknown_fields",
    body('"Ho\\u017ftConfig":{"Privileged":true}'),
  ),
  spelt(
    "Binds is written with a long s",
    "unknown_fields",
    body('"HostConfig":{"Bind\u017f":["/:/h"]}'),
    body('"HostConfig":{"Binds":[]}'),
    { shows: { Binds: ["/:/h"] } },
  ),
  spelt(
    "NetworkMode is written with the sign for kelvin",
    "unknown_fields",
    body('"HostConfig":{"Networ\u212aMode":"host"}'),
    body('"HostConfig":{"NetworkMode":"none"}'),
    { shows: { NetworkMode: "host" } },
  ),
  one(
    "HostConfig begins with an escape",
    "privileged",
    body('"\\u0048ostConfig":{"Privileged":true}'),
  ),
  one(
    "every letter of Privileged is escaped",
    "privileged",
    body(
      `"HostConfig":{"${
        [..."Privileged"].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")
      }":true}`,
    ),
  ),
  spelt(
    "the folder of the host is escaped",
    "host_mounts",
    body('"HostConfig":{"Binds":["\\u002f\\u003a\\u002fh"]}'),
    body('"HostConfig":{"Binds":["\\u0024plain:/h"]}').replace("\\u0024", "$"),
    { shows: { Binds: ["/:/h"] } },
  ),
  spelt(
    "the folder of the host is written with escaped slashes",
    "host_mounts",
    body('"HostConfig":{"Binds":["\\/etc:\\/h"]}'),
    body('"HostConfig":{"Binds":["$plain:\\/h"]}'),
    { shows: { Binds: ["/etc:/h"] } },
  ),
  spelt(
    "the mode of the network is escaped",
    "networks",
    body('"HostConfig":{"NetworkMode":"\\u0068ost"}'),
    body('"HostConfig":{"NetworkMode":"\\u006eone"}'),
    { shows: { NetworkMode: "host" } },
  ),
  one(
    "two HostConfigs are merged, and the last says nothing of it",
    400,
    body('"HostConfig":{"Privileged":true},"HostConfig":{"Memory":0}'),
  ),
  one(
    "two HostConfigs are merged, and the first says nothing of it",
    400,
    body('"HostConfig":{"Memory":0},"HostConfig":{"Privileged":true}'),
  ),
  one(
    "HostConfig is there in two spellings",
    "unknown_fields",
    body('"HostConfig":{},"hostconfig":{"Privileged":true}'),
  ),
  one(
    "Privileged is there twice, and the last counts",
    400,
    body('"HostConfig":{"Privileged":false,"Privileged":true}'),
  ),
  one(
    "Privileged is there twice, and once escaped",
    400,
    body('"HostConfig":{"Privileged":false,"\\u0050rivileged":true}'),
  ),
  one(
    "Privileged is there in two spellings",
    "unknown_fields",
    body('"HostConfig":{"Privileged":false,"privileged":true}'),
  ),
  one(
    "HostConfig is null, and its fields are at the top level",
    "unknown_fields",
    body('"HostConfig":null,"Privileged":true'),
  ),
  one(
    "HostConfig is there and then null, and its fields are at the top level",
    "unknown_fields",
    body('"HostConfig":{},"hostConfig":null,"Privileged":true'),
  ),
  spelt(
    "devices are merged element by element",
    400,
    body(
      '"HostConfig":{"Devices":[{"PathOnHost":"/dev/kmsg","PathInContainer":"/dev/kmsg","CgroupPermissions":"rwm"}],"Devices":[{"PathInContainer":"/dev/x"}]}',
    ),
    body('"HostConfig":{"Devices":[]}'),
    { shows: /"PathOnHost":"\/dev\/kmsg"/ },
  ),
  spelt(
    "binds are there twice, and the last counts",
    400,
    body('"HostConfig":{"Binds":[],"Binds":["/:/h"]}'),
    body('"HostConfig":{"Binds":["$plain:/h"]}'),
    { shows: { Binds: ["/:/h"] } },
  ),
  ...topLevel.map(([field, value]) =>
    escape(
      `${field} is at the top level, where engines up to 26 read it`,
      "unknown_fields",
      create({ [field]: value }),
      create({ Labels: { [field]: JSON.stringify(value) } }),
      { shows: { [field]: value } },
    )
  ),
  one("a second value follows the first", 400, `${body('"HostConfig":{"Privileged":true}')} {}`),
  one(
    "a harmless value follows the harmful one",
    400,
    `${body('"HostConfig":{"Privileged":true}')}${harmless}`,
  ),
  one("a brace follows the value", 400, `${body('"HostConfig":{"Privileged":true}')}}`),
  one("a NUL follows the value", 400, `${body('"HostConfig":{"Privileged":true}')}\0`),
  one(
    "a mark of the byte order stands before the value",
    400,
    `\ufeff${body('"HostConfig":{"Privileged":true}')}`,
    {
      notHere: "refused",
    },
  ),
  one(
    "a comment hides the rest",
    400,
    body('/*"HostConfig":{},*/"HostConfig":{"Privileged":true}'),
    {
      notHere: "refused",
    },
  ),
  one("a comma too many", 400, body('"HostConfig":{"Privileged":true},'), { notHere: "refused" }),
  one(
    "half a surrogate stands in a key",
    400,
    body('"\\ud800":1,"HostConfig":{"Privileged":true}'),
  ),
  one(
    "half a surrogate stands in a value",
    400,
    body('"Domainname":"\\udc00","HostConfig":{"Privileged":true}'),
  ),
  one(
    "the body is nested deeper than most readers go",
    400,
    body(`"X":${"[".repeat(900)}${"]".repeat(900)},"HostConfig":{"Privileged":true}`),
  ),
  one("a number stands for true", 400, body('"HostConfig":{"Privileged":1}'), {
    notHere: "refused",
  }),
  one("a text stands for true", 400, body('"HostConfig":{"Privileged":"true"}'), {
    notHere: "refused",
  }),
  one("HostConfig is a list", 400, body('"HostConfig":[{"Privileged":true}]'), {
    notHere: "refused",
  }),
  one("the body is a list", 400, `[${body('"HostConfig":{"Privileged":true}')}]`, {
    notHere: "refused",
  }),
  one(
    "a field that nobody knows stands before the harmful one",
    "unknown_fields",
    body('"Postern":{"trust":true},"HostConfig":{"Privileged":true}'),
  ),
  one(
    "blanks of every kind stand between",
    "privileged",
    body('\t"HostConfig" \r\n:\t{ "Privileged"\n:\n true }'),
  ),
];
