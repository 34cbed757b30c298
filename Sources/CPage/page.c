// The web page's files, compiled in. A new file is one more `FILE` in each of the two lists.

#include "cpage.h"

// The package is built as C17, where clang has #embed as an extension.
#pragma clang diagnostic ignored "-Wc23-extensions"

#if !defined(__has_embed)
#error "#embed is missing: the C compiler of Swift 6.3 or newer is needed"
#endif

static const unsigned char index_html[] = {
#embed "Page/index.html"
};
static const unsigned char ansi_js[] = {
#embed "Page/ansi.js"
};
static const unsigned char api_js[] = {
#embed "Page/api.js"
};
static const unsigned char approvals_js[] = {
#embed "Page/approvals.js"
};
static const unsigned char blocks_js[] = {
#embed "Page/blocks.js"
};
static const unsigned char claude_js[] = {
#embed "Page/claude.js"
};
static const unsigned char codex_server_js[] = {
#embed "Page/codex-server.js"
};
static const unsigned char codex_js[] = {
#embed "Page/codex.js"
};
static const unsigned char connection_js[] = {
#embed "Page/connection.js"
};
static const unsigned char controls_js[] = {
#embed "Page/controls.js"
};
static const unsigned char devices_js[] = {
#embed "Page/devices.js"
};
static const unsigned char dom_js[] = {
#embed "Page/dom.js"
};
static const unsigned char find_js[] = {
#embed "Page/find.js"
};
static const unsigned char format_js[] = {
#embed "Page/format.js"
};
static const unsigned char gemini_js[] = {
#embed "Page/gemini.js"
};
static const unsigned char heights_js[] = {
#embed "Page/heights.js"
};
static const unsigned char icon_svg[] = {
#embed "Page/icon.svg"
};
static const unsigned char json_js[] = {
#embed "Page/json.js"
};
static const unsigned char keys_js[] = {
#embed "Page/keys.js"
};
static const unsigned char list_js[] = {
#embed "Page/list.js"
};
static const unsigned char live_js[] = {
#embed "Page/live.js"
};
static const unsigned char log_row_js[] = {
#embed "Page/log-row.js"
};
static const unsigned char main_js[] = {
#embed "Page/main.js"
};
static const unsigned char markdown_js[] = {
#embed "Page/markdown.js"
};
static const unsigned char open_questions_js[] = {
#embed "Page/open-questions.js"
};
static const unsigned char page_css[] = {
#embed "Page/page.css"
};
static const unsigned char pairing_js[] = {
#embed "Page/pairing.js"
};
static const unsigned char pairs_js[] = {
#embed "Page/pairs.js"
};
static const unsigned char questions_js[] = {
#embed "Page/questions.js"
};
static const unsigned char row_js[] = {
#embed "Page/row.js"
};
static const unsigned char rows_js[] = {
#embed "Page/rows.js"
};
static const unsigned char session_head_js[] = {
#embed "Page/session-head.js"
};
static const unsigned char session_rows_js[] = {
#embed "Page/session-rows.js"
};
static const unsigned char session_tools_js[] = {
#embed "Page/session-tools.js"
};
static const unsigned char session_css[] = {
#embed "Page/session.css"
};
static const unsigned char session_js[] = {
#embed "Page/session.js"
};
static const unsigned char sessions_js[] = {
#embed "Page/sessions.js"
};
static const unsigned char sign_in_js[] = {
#embed "Page/sign-in.js"
};
static const unsigned char sse_js[] = {
#embed "Page/sse.js"
};
static const unsigned char start_js[] = {
#embed "Page/start.js"
};
static const unsigned char statuses_js[] = {
#embed "Page/statuses.js"
};
static const unsigned char talk_row_js[] = {
#embed "Page/talk-row.js"
};
static const unsigned char terminal_css[] = {
#embed "Page/terminal.css"
};
static const unsigned char text_js[] = {
#embed "Page/text.js"
};
static const unsigned char visible_js[] = {
#embed "Page/visible.js"
};

#define FILE(name, type, bytes) {name, type, bytes, sizeof bytes}

static const cpage_file files[] = {
    FILE("index.html", "text/html; charset=utf-8", index_html),
    FILE("ansi.js", "text/javascript; charset=utf-8", ansi_js),
    FILE("api.js", "text/javascript; charset=utf-8", api_js),
    FILE("approvals.js", "text/javascript; charset=utf-8", approvals_js),
    FILE("blocks.js", "text/javascript; charset=utf-8", blocks_js),
    FILE("claude.js", "text/javascript; charset=utf-8", claude_js),
    FILE("codex-server.js", "text/javascript; charset=utf-8", codex_server_js),
    FILE("codex.js", "text/javascript; charset=utf-8", codex_js),
    FILE("connection.js", "text/javascript; charset=utf-8", connection_js),
    FILE("controls.js", "text/javascript; charset=utf-8", controls_js),
    FILE("devices.js", "text/javascript; charset=utf-8", devices_js),
    FILE("dom.js", "text/javascript; charset=utf-8", dom_js),
    FILE("find.js", "text/javascript; charset=utf-8", find_js),
    FILE("format.js", "text/javascript; charset=utf-8", format_js),
    FILE("gemini.js", "text/javascript; charset=utf-8", gemini_js),
    FILE("heights.js", "text/javascript; charset=utf-8", heights_js),
    FILE("icon.svg", "image/svg+xml", icon_svg),
    FILE("json.js", "text/javascript; charset=utf-8", json_js),
    FILE("keys.js", "text/javascript; charset=utf-8", keys_js),
    FILE("list.js", "text/javascript; charset=utf-8", list_js),
    FILE("live.js", "text/javascript; charset=utf-8", live_js),
    FILE("log-row.js", "text/javascript; charset=utf-8", log_row_js),
    FILE("main.js", "text/javascript; charset=utf-8", main_js),
    FILE("markdown.js", "text/javascript; charset=utf-8", markdown_js),
    FILE("open-questions.js", "text/javascript; charset=utf-8", open_questions_js),
    FILE("page.css", "text/css; charset=utf-8", page_css),
    FILE("pairing.js", "text/javascript; charset=utf-8", pairing_js),
    FILE("pairs.js", "text/javascript; charset=utf-8", pairs_js),
    FILE("questions.js", "text/javascript; charset=utf-8", questions_js),
    FILE("row.js", "text/javascript; charset=utf-8", row_js),
    FILE("rows.js", "text/javascript; charset=utf-8", rows_js),
    FILE("session-head.js", "text/javascript; charset=utf-8", session_head_js),
    FILE("session-rows.js", "text/javascript; charset=utf-8", session_rows_js),
    FILE("session-tools.js", "text/javascript; charset=utf-8", session_tools_js),
    FILE("session.css", "text/css; charset=utf-8", session_css),
    FILE("session.js", "text/javascript; charset=utf-8", session_js),
    FILE("sessions.js", "text/javascript; charset=utf-8", sessions_js),
    FILE("sign-in.js", "text/javascript; charset=utf-8", sign_in_js),
    FILE("sse.js", "text/javascript; charset=utf-8", sse_js),
    FILE("start.js", "text/javascript; charset=utf-8", start_js),
    FILE("statuses.js", "text/javascript; charset=utf-8", statuses_js),
    FILE("talk-row.js", "text/javascript; charset=utf-8", talk_row_js),
    FILE("terminal.css", "text/css; charset=utf-8", terminal_css),
    FILE("text.js", "text/javascript; charset=utf-8", text_js),
    FILE("visible.js", "text/javascript; charset=utf-8", visible_js),
};

const cpage_file *const cpage_files = files;
const size_t cpage_file_count = sizeof files / sizeof files[0];
