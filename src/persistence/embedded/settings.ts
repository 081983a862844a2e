/** The server's settings, on its command line: they hold whatever the files in the data folder say. */
export function settings(port: number, durable: boolean): readonly string[] {
  return [
    "listen_addresses=127.0.0.1",
    `port=${String(port)}`,
    // None: a socket's path may be too long, or in a folder which the account cannot write to.
    "unix_socket_directories=",
    "timezone=UTC",
    "log_timezone=UTC",
    "lc_messages=C",
    "log_destination=stderr",
    "logging_collector=off",
    "log_checkpoints=off",
    // Above ERROR: the statements that fail carry our callers' data, and a refused duplicate is not news.
    "log_min_messages=log",
    "log_min_error_statement=panic",
    ...(durable ? [] : ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]),
  ];
}
