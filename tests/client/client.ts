// What a phone does on a school morning, in the types of the published contract:
// it signs in, reads the feed, confirms what is asked, and catches up after the lift.
import createClient, { type Middleware } from "openapi-fetch";

import type { components, paths } from "./schema";

type Problem = components["schemas"]["Problem"];
type FeedItem = components["schemas"]["FeedItem"];

const client = createClient<paths>({ baseUrl: "https://tongxing.example.edu.cn" });

function bearer(token: string): Middleware {
  return {
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${token}`);
      request.headers.set("Accept-Language", "zh-CN");
      return request;
    },
  };
}

export async function signIn(phone: string, askForCode: () => Promise<string>): Promise<string> {
  const device = { deviceId: "d3b07384-d113-4ec6-8f2a-1a2b3c4d5e6f" };
  const requested = await client.POST("/v1/auth/codes", { body: { phone, ...device } });
  if (requested.error) throw refused(requested.error);
  const signedIn = await client.POST("/v1/auth/sessions", {
    body: {
      requestId: requested.data.requestId,
      code: await askForCode(),
      deviceName: "妈妈的手机",
      platform: "harmony",
      ...device,
    },
  });
  if (signedIn.error) throw refused(signedIn.error);
  client.use(bearer(signedIn.data.accessToken));
  return signedIn.data.refreshToken;
}

export async function wholeFeed(): Promise<FeedItem[]> {
  const items: FeedItem[] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } = cursor ? { limit: 50, cursor } : { limit: 50 };
    const page: components["schemas"]["FeedPage"] = unwrap(
      await client.GET("/v1/feed", { params: { query } }),
    );
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}

export async function confirm(item: FeedItem, choice: string | null): Promise<boolean> {
  const answers =
    item.confirmMode === "per_child" && choice !== null
      ? item.children.map((child) => ({ studentId: child.studentId, choice }))
      : [];
  const notice = unwrap(
    await client.PUT("/v1/notices/{notice_id}/confirmation", {
      params: { path: { notice_id: item.id } },
      body: { revision: item.revision, answers },
    }),
  );
  return notice.settled;
}

export async function draft(classId: string, key: string): Promise<string> {
  const notice = unwrap(
    await client.POST("/v1/notices", {
      params: { header: { "Idempotency-Key": key } },
      body: {
        audiences: [{ nodeId: classId, who: "families" }],
        category: "class",
        title: "周五下午家长会",
        blocks: [
          { type: "paragraph", text: "请各位家长准时参加。" },
          { type: "list", items: ["签到", "自由交流"], ordered: true },
        ],
        urgent: false,
        pinned: false,
        lowPriority: false,
        confirmMode: "tap",
        choices: [],
        confirmBy: "2026-11-27T18:00:00+08:00",
      },
    }),
  );
  // A tagged union narrows by its tag, and what may be null must be looked at first.
  for (const block of notice.blocks) {
    if (block.type === "link") console.log(block.url.length);
  }
  return notice.publishedAt?.slice(0, 10) ?? "草稿";
}

function unwrap<T>(answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) throw refused(answer.error as Problem);
  return answer.data;
}

function refused(problem: Problem): Error {
  const where = problem.fieldErrors.map((error) => `${error.field}: ${error.message}`);
  return new Error([problem.detail, ...where, problem.requestId].join("\n"));
}

// What the contract forbids must not compile.
export async function mistakes(item: FeedItem): Promise<void> {
  // @ts-expect-error PATCH is not spoken here.
  await client.PATCH("/v1/me/preferences", {});
  // @ts-expect-error There is no such address.
  await client.GET("/v1/feeds");
  // @ts-expect-error Creating needs an Idempotency-Key.
  await client.POST("/v1/claims", { body: { code: "A", childName: "王", relation: "father" } });
  // @ts-expect-error Not a relation that is known.
  const relation: components["schemas"]["Relation"] = "uncle";
  // @ts-expect-error It may be null.
  const until: string = item.confirmBy;
  console.log(relation, until);
}
