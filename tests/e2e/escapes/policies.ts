import { stringify } from "yaml";

const allow = [
  "containers.*",
  "exec.*",
  "images.*",
  "volumes.*",
  "networks.*",
  "services.*",
  "plugins.*",
  "swarm.*",
  "checkpoints.*",
  "system.ping",
];

/** Everything is allowed, and nobody has written a constraint: the safe defaults. */
const safe = { name: "safe", allow };

const mine = { containers: [{ label: ["team=ci"] }] };
const images = ["app", "ci/**"];
const selected = [
  ...["inspect", "logs", "export", "archive-read", "archive-write", "archive-stat", "top"],
  ...["start", "stop", "kill", "restart", "rename", "remove", "attach", "resize", "pause"],
  ...["changes", "attach-websocket", "prune"],
].map((verb) => [`containers.${verb}`, mine]);

/** What a team may do with its own containers, images and folders. */
const team = (directory: string) => ({
  name: "team",
  allow,
  constraints: {
    "containers.create": {
      host_mounts: [
        { path: `${directory}/open/**` },
        { path: `${directory}/readable`, read_only: true },
      ],
      networks: ["none"],
      images,
    },
    "volumes.create": { host_mounts: [{ path: `${directory}/open/**` }] },
    "containers.exec": { ...mine, commands: ["true"], user: "non-root" },
    "containers.update": { ...mine, restart_policies: ["no"], memory: "128MiB" },
    "exec.start": mine,
    "exec.inspect": mine,
    "exec.resize": mine,
    "containers.commit": { ...mine, images: ["ci/**"] },
    "images.build": { images: ["ci/**"], extra_hosts: false, buildkit: false },
    "networks.connect": { ...mine, networks: ["ci-*"] },
    "images.import": { images: ["ci/**"] },
    "images.load": { images: ["ci/**"] },
    "images.tag": { images: ["ci/**"] },
    "images.pull": { images: ["registry.example.com/ci/**"] },
    "images.push": { images: ["registry.example.com/ci/**"] },
    ...Object.fromEntries(selected),
  },
});

/** The files of the policies, for a stage whose folders are in `directory`. */
export const policyFiles = (directory: string): Record<string, string> => ({
  "policies/safe.yaml": stringify(safe),
  "policies/team.yaml": stringify(team(directory)),
});
