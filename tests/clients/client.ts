// Sets up a monitor for a cron job, with nothing but fetch:
//
//     MONITORING_URL=https://beet.example.com MONITORING_TOKEN=hb_… JOB=invoices node client.ts
//
// Prints the name of each monitor that there is, then what the new one's row says.

interface Monitor {
  id: number;
  name: string;
  status: "new" | "learning" | "up" | "late" | "warning" | "down" | "unknown" | "paused";
  pingCount: number;
  nextDueAt: string | null;
}

interface Page<Row> {
  results: Row[];
  next: string | null;
  previous: string | null;
}

interface Problem {
  error: string;
  code: string;
  fields?: { path: string; code: string; message: string }[];
}

class ApiError extends Error {
  readonly status: number;
  readonly problem: Problem;

  constructor(status: number, problem: Problem) {
    super(`${status} ${problem.code}: ${problem.error}`);
    this.status = status;
    this.problem = problem;
  }
}

const { MONITORING_URL, MONITORING_TOKEN, JOB } = process.env as Record<string, string>;

async function call<Answer>(
  method: string,
  path: string,
  options: { body?: unknown; key?: string } = {},
): Promise<{ data: Answer; headers: Headers }> {
  const headers: Record<string, string> = { Authorization: `Bearer ${MONITORING_TOKEN}` };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (options.key !== undefined) headers["Idempotency-Key"] = options.key;
  const url = path.startsWith("http") ? path : `${MONITORING_URL}/api/v1${path}`;
  const response = await fetch(url, {
    method,
    headers,
    body: options.body === undefined ? undefined : JSON.stringify(options.body),
  });
  const data = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new ApiError(response.status, data as Problem);
  return { data: data as Answer, headers: response.headers };
}

async function* all<Row>(path: string): AsyncGenerator<Row> {
  for (let next: string | null = path; next !== null; ) {
    const page: Page<Row> = (await call<Page<Row>>("GET", next)).data;
    yield* page.results;
    next = page.next;
  }
}

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof ApiError) return error.problem.code;
    throw error;
  }
  return "none";
}

function expect(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(what);
}

const body = { name: JOB, intervalSec: 3600, heartbeatGraceSec: 300, url: `internal://${JOB}` };
const key = `setup-${JOB}`;

const created = await call<Monitor>("POST", "/monitors", { body, key });
const replayed = await call<Monitor>("POST", "/monitors", { body, key });
expect(replayed.data.id === created.data.id, "made twice");
expect(replayed.headers.get("Idempotent-Replayed") === "true", "not marked as a replay");

expect((await codeOf(call("POST", "/monitors", { body }))) === "MONITOR_NAME_DUPLICATE", "another code");
expect((await codeOf(call("GET", "/incidents"))) === "PAT_SCOPE_INSUFFICIENT", "another code");

const { data: secrets } = await call<{ pingUrl: string }>("GET", `/monitors/${created.data.id}/secrets`);
const ping = await fetch(secrets.pingUrl, { method: "POST" });
expect(ping.status === 204, "not pinged");

for await (const monitor of all<Monitor>("/monitors?limit=2")) console.log(`monitor ${monitor.name}`);

const { data: row } = await call<Monitor>("GET", `/monitors/${created.data.id}`);
console.log(`status ${row.status}`);
console.log(`pings ${row.pingCount}`);
