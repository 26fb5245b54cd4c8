"""What the document says in prose: the introduction, the tags, and the parameters."""

INTRODUCTION = """\
家校互动云平台「同行」的接口。手机应用、小程序和网页使用同一套接口。

The API of Tongxing, a home-school interaction platform; apps, mini-programs and web pages
use the same one.

- **登录 Sign-in**：先登录取得 `accessToken`，放在 `Authorization: Bearer …` 中；
  到期用 `refreshToken` 换取。
  Sign in, then send the access token as a bearer token; renew it with the refresh token.
- **区县 Districts**：每个区可以有自己的平台和数据库。登录前用 `GET /v1/districts` 选择区，
  之后所有路径都接在该区的 `url` 之后；令牌只在签发它的平台有效，用错地方回答 421，
  `facts.url` 是该去的地址（须与目录一致），会话仍然有效。
  A district may have a service of its own. Choose one before signing in; every path, given
  links included, is appended to its `url`. A token brought elsewhere is answered 421 with the
  `url` to go to (follow it only if the directory lists it); the session lives on.
- **语言 Language**：按 `Accept-Language` 返回中文（默认）或英文。
  Chinese by default, English on request.
- **错误 Errors**：一律为 `application/problem+json`（RFC 9457），请按 `code` 判断，
  `detail` 可直接显示给用户，`requestId` 供反馈问题时使用。
  Branch on `code`, show `detail`, quote `requestId`.
  不是您的与不存在的，回答完全相同（404）。What is not yours answers like what is absent.
- **方法 Methods**：只用 GET、POST、PUT、DELETE。不支持 PUT 和 DELETE 的客户端，可用 POST 加请求头
  `X-HTTP-Method-Override: PUT`（或 `DELETE`）。
  Clients without PUT and DELETE send POST with that header.
- **重试 Retries**：GET、PUT、DELETE 可以放心重试；POST 创建时须带 `Idempotency-Key`，
  同一个键重试不会重复创建。
  Everything may be repeated; POSTs that create take an `Idempotency-Key`.
- **时间与编号 Times and ids**：时间为带时区的 RFC 3339，日期为 `YYYY-MM-DD`，编号都是字符串。
  RFC 3339 with an offset, plain dates, and ids that are strings.
- **翻页 Paging**：`nextCursor` 原样传回 `cursor`；为 `null` 即没有下一页。Cursors are opaque.
- **枚举 Enums**：将来可能增加新的值，客户端应容忍不认识的值。Tolerate values you do not know.
"""
SECURITY = "登录后取得的 accessToken。The access token of a sign-in."
RETRY_AFTER = "请在这么多秒之后再试。Seconds to wait before trying again."
ETAG = "放在下次请求的 If-None-Match 中，没有变化时回答 304。Send it back in If-None-Match."

TAGS: dict[str, tuple[str, str]] = {
    "Sign-in": ("登录 Sign-in", "短信验证码、密码与令牌。Codes, passwords and tokens."),
    "Me": ("我的账号 Me", "当前用户、设备与密码。The caller's account, devices and password."),
    "Consent": (
        "隐私告知 Consent",
        "监护人逐个孩子同意隐私告知；未同意前看不到孩子的信息。"
        "A guardian accepts the privacy notice for each child before seeing anything of them.",
    ),
    "Schools": (
        "学校 Schools",
        "区、教联体实验区、学校、年级、班级、校历与功能开关。"
        "The tree, the calendar and each school's switches.",
    ),
    "Roster": (
        "花名册 Roster",
        "导入学校表格，班级邀请码与加入申请，分组。"
        "Imports of workbooks, invites and claims, groups.",
    ),
    "Media": ("附件 Media", "上传图片和 PDF，凭签名链接下载。Uploads and signed downloads."),
    "通知 Notices": (
        "通知 Notices",
        "起草、预览、发布、更正、撤回；家长阅读与确认；触达情况。"
        "Writing, reading, confirming, and who was reached.",
    ),
    "名额 Places": (
        "名额 Places",
        "报名、候补、递补与取消；签到、替班、日历与抽签；组织者的名单与调整。班次和场次都用这里。"
        "Taking a place, the queue, offers; the door, stand-ins, calendars and draws.",
    ),
    "证书 Certificates": (
        "证书 Certificates",
        "志愿服务证明和结业证书：图片与 PDF，任何人凭编号核验，开具单位可以撤销。"
        "Certificates of service and of courses: drawn, verifiable by anybody, revocable.",
    ),
    "驻校 Volunteering": (
        "驻校 Volunteering",
        "家长驻校日、班次、护学岗、志愿者档案与征集人手；班次的名额与报名见“名额”。"
        "Station days, shifts, volunteers and calls for helpers; a shift's places are a slot.",
    ),
    "活动 Activities": (
        "活动 Activities",
        "家长开放日、座谈会、家长会等：起草、开放报名、全家安排场次、名单与导出、反馈与小结。"
        "Open days and their kin: sessions, registering for all one's children, lists, feedback.",
    ),
    "Courses": (
        "家长学校 Courses",
        "课程与课时的编写、审核与学习；学习进度按真正看过的片段计算。"
        "Writing, reviewing and taking courses; what counts is what was really watched.",
    ),
    "Committees": (
        "家委会 Committees",
        "家委会等组织的席位、建议、议题、会议、表决、纪要与评议；计票由系统完成，人人可核。"
        "Bodies and their seats, suggestions, agendas, meetings, votes, minutes and panels.",
    ),
    "专栏 Column": (
        "专栏 Column",
        "“家庭教育指导”专栏与部门小贴士：起草、审核、排队、按周期发布；家长投稿、订阅与全文查找。"
        "The guidance column and tips: writing, review, the queue, releases; parents' "
        "contributions, subscriptions and search.",
    ),
    "Inbox": (
        "收件箱 Inbox",
        "个人消息、推送设备与免打扰。Letters, push devices and quiet hours.\n\n"
        "**WebSocket `/v1/live`**：打开的手机在这里得知收件箱或首页有变化，"
        "再用 `GET /v1/inbox?since=` 或 `GET /v1/feed` 取内容。"
        '连接后先发 `{"token": "<accessToken>"}`（或在握手时带 `Authorization` 请求头），'
        '收到 `{"type": "hello"}`；之后每次变化收到 `{"type": "changed", "what": ["inbox"]}`，'
        "`what` 也可以含 `feed`。令牌到期时以 4401 关闭，请换取新令牌后重连。"
        "An open phone hears here that something changed and then asks for it. It sends its token "
        "first, is greeted, and is closed with 4401 when the token ends.",
    ),
    "运行 Operations": ("运行 Operations", "存活与就绪检查。Health of this process."),
}

SUCCESS = {
    200: "成功 OK",
    201: "已创建 Created",
    202: "已受理 Accepted",
    204: "成功，无响应体 Done; no body",
    206: "文件的一部分 The range asked for",
}

PARAMETERS = {
    "Idempotency-Key": "8 至 80 个可见 ASCII 字符；同一个键重试不会重复创建。Makes a retry safe.",
    "If-None-Match": "上次得到的 ETag。The ETag of the answer you have.",
    "cursor": "上一页的 nextCursor，原样传回。The previous page's nextCursor.",
    "limit": "每页条数。Items on a page.",
    "q": "按名称查找。Part of a name.",
    "since": "手机上已有的最新一条的编号，只返回比它更新的。The newest id the phone has.",
    "link": "附件地址中的签名，原样使用。The signature in an attachment's address.",
    "variant": "`original` 原件，`thumbnail` 缩略图，`poster` 视频封面。",
    "segment": "播放列表或其中列出的文件名。A playlist, or a file it names.",
    "number": "分片编号，从 1 开始。The part's number, from 1.",
    "Content-Digest": "`sha-256=:Base64:`，到达时核对。Checked on arrival (RFC 9530).",
}
