const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[?::1\]?)$/u;

/** Whether a host, as HOST or a URL names it, is this machine itself. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}
