// Every server here gets an empty folder as its argument, listens on a free loopback port, prints it as
// one line, and ends with its parent.

export function listen(http) {
  http.listen(0, '127.0.0.1', () => said(http.address().port));
}

export function said(port) {
  console.log(port);
  process.stdin.resume().on('end', () => process.exit(0));
  process.on('SIGTERM', () => process.exit(0));
}
