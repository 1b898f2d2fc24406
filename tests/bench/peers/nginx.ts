import type { Peer } from "./peer.ts";

/** nginx with a regex location for what may pass, keeping upstream connections. */
export const nginx: Peer = {
  name: "nginx",
  about: "nginx, one worker, regex locations, no log",
  command({ directory, socket, upstream }) {
    const file = `${directory}/nginx.conf`;
    const open = "(containers|events|exec|images|info|_ping|version)";
    Deno.writeTextFileSync(
      file,
      `worker_processes 1;
daemon off;
pid ${directory}/nginx.pid;
error_log ${directory}/nginx-error.log error;
events { worker_connections 19000; }
http {
  access_log off;
  client_body_temp_path ${directory};
  proxy_temp_path ${directory};
  fastcgi_temp_path ${directory};
  uwsgi_temp_path ${directory};
  scgi_temp_path ${directory};
  keepalive_requests 1000000000;
  client_max_body_size 0;
  upstream engine { server unix:${upstream}; keepalive 512; keepalive_requests 1000000000; }
  map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
  server {
    listen unix:${socket} backlog=1024;
    location ~* ^(/v[\\d\\.]+)?/${open} {
      proxy_pass http://engine;
      proxy_http_version 1.1;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Host docker;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
      proxy_read_timeout 10m;
    }
    location / { return 403; }
  }
}
`,
    );
    // root goes on as root: else its worker is nobody, who may not connect to the engine.
    const user = Deno.uid() === 0 ? ["-g", "user root;"] : [];
    const errors = `${directory}/nginx-error.log`;
    return { program: "/usr/sbin/nginx", args: ["-e", errors, "-c", file, ...user] };
  },
};
