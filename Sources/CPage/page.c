#include "cpage.h"

#if !defined(__has_embed)
#error "Swift 6.3 or newer is needed: its C compiler knows #embed"
#endif

// Of C23, and known to every compiler that comes with Swift 6.3.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char index_html[] = {
#embed "Page/index.html"
};

static const struct cpage_file files[] = {
  {"index.html", "text/html; charset=utf-8", index_html, sizeof index_html},
};
const struct cpage_file *const cpage_files = files;
const size_t cpage_file_count = sizeof files / sizeof files[0];
