#pragma once
#include <cmark-gfm.h>

// The node types are preprocessor constants or enum values depending on the library's version; these names are ours.
static inline int ccmark_is(cmark_node *node, cmark_node_type type) { return cmark_node_get_type(node) == type; }
