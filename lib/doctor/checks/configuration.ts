import type { Check } from "../facts.ts";

/** Whether there is a configuration, and it holds. */
export const configuration: Check = {
  name: "configuration",
  group: "postern",
  look({ configured: { file, config, problems } }) {
    if (problems.length > 0) {
      return [{
        level: "wrong",
        title: `the gate does not start with ${file}: it is not valid`,
        evidence: problems,
        fix: `postern check -c ${file}`,
      }];
    }
    if (config === undefined) {
      return [{
        level: "advice",
        title: "there is no gate here: no postern.yaml is named or found",
        fix: "postern harden plan",
      }];
    }
    const many = config.listeners.length;
    return [{
      level: "fine",
      title: `${file} is valid: ${many} ${many === 1 ? "listener" : "listeners"}`,
    }];
  },
};
