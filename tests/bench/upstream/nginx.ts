import { Child } from "../process.ts";
import { listening } from "../waiting.ts";

/** What a small answer holds: about what `GET /containers/json` says of one container. */
const small = JSON.stringify([{
  Id: "8244".padEnd(64, "0"),
  Names: ["/web"],
  Image: "bb",
  State: "running",
  Status: "Up 2 hours",
  Ports: [],
  Labels: {},
  Mounts: [],
}]);

/** A small nginx as the engine: every path gets the same small JSON, attach goes on to the server of streams. */
export async function startNginxEngine(
  socket: string,
  streams: string,
  directory: string,
): Promise<Child> {
  const file = `${directory}/engine.conf`;
  const errors = `${directory}/engine-error.log`;
  await Deno.writeTextFile(
    file,
    `worker_processes 1;
daemon off;
pid ${directory}/engine.pid;
error_log ${errors} error;
events { worker_connections 19000; }
http {
  access_log off;
  client_body_temp_path ${directory};
  proxy_temp_path ${directory};
  fastcgi_temp_path ${directory};
  uwsgi_temp_path ${directory};
  scgi_temp_path ${directory};
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_max_body_size 0;
  default_type application/json;
  server {
    listen unix:${socket} backlog=4096;
    location ~ /attach$ {
      proxy_pass http://unix:${streams}:;
      proxy_http_version 1.1;
      proxy_set_header Connection upgrade;
      proxy_set_header Upgrade tcp;
      proxy_read_timeout 1h;
    }
    location / { return 200 '${small}'; }
  }
}
`,
  );
  // root goes on as root: else its worker is nobody, who may not connect to the streams.
  const user = Deno.uid() === 0 ? ["-g", "user root;"] : [];
  const child = new Child("/usr/sbin/nginx", ["-e", errors, "-c", file, ...user], {
    log: `${directory}/engine.log`,
  });
  await listening(socket, child);
  return child;
}
