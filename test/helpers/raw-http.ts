import { once } from "node:events";
import type { Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";

/** Sends these bytes to a service, and gives back all that comes until it closes the connection. */
export function raw(url: string, text: string): Promise<string> {
  const { socket, ended } = openSocket(url);
  socket.write(text);
  return ended;
}

export interface Client {
  readonly socket: Socket;
  readonly isOpen: () => boolean;
  readonly received: () => string;
  /** All that came until the server ended the connection. */
  readonly ended: Promise<string>;
}

export function openSocket(url: string): Client {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  let received = "";
  socket.setEncoding("utf8").on("data", (text) => (received += String(text)));
  // What is still being sent to a closed connection is refused.
  socket.on("error", () => undefined);
  const ended = new Promise<string>((resolve) => socket.on("close", () => resolve(received)));
  return { socket, isOpen: () => !socket.closed, received: () => received, ended };
}

/** A connection that the server has accepted, and perhaps cut at once. */
export async function openClient(server: Server): Promise<Client> {
  const accepted = once(server, "connection");
  const client = openSocket(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await accepted;
  return client;
}
