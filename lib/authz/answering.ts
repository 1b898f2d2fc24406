import type { Authorizer } from "./authorizer.ts";
import {
  ACTIVATE,
  type PluginAnswer,
  pluginAnswer,
  readPluginRequest,
  REQUEST,
  RESPONSE,
} from "./protocol.ts";

const headers = { "content-type": "application/vnd.docker.plugins.v1.2+json" };
const IMPLEMENTS = JSON.stringify({ Implements: ["authz"] });
const ALLOW = pluginAnswer({ allow: true, message: "" });
const FAULT: PluginAnswer = {
  allow: false,
  message: "postern: a fault in Postern keeps it from judging this request; its log says which",
  fault: true,
};

/**
 * Answers the engine's questions: what this is, and about each request twice, before it is served and before its answer goes out.
 * What is wrong here denies. `decided` is called when records may wait.
 */
export function answering(
  authorizer: Pick<Authorizer, "authorize">,
  decided: () => void,
  fault: (error: unknown) => void,
): (request: Request) => Promise<Response> {
  async function authorize(request: Request): Promise<string> {
    try {
      const answer = await authorizer.authorize(readPluginRequest(await request.text()));
      return answer.allow ? ALLOW : pluginAnswer(answer);
    } catch (error) {
      fault(error);
      return pluginAnswer(FAULT);
    } finally {
      decided();
    }
  }
  return async (request) => {
    if (request.url.endsWith(REQUEST)) return json(await authorize(request));
    // Else the connection could not be used again. The answer to what was allowed goes out as it is.
    await request.bytes();
    if (request.url.endsWith(RESPONSE)) return json(ALLOW);
    if (request.url.endsWith(ACTIVATE)) return json(IMPLEMENTS);
    return new Response("no such question\n", { status: 404 });
  };
}

function json(body: string): Response {
  return new Response(body, { headers });
}
