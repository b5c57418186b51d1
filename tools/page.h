/* page.h - pages of documentation: for a terminal of 80 columns, or as
 * Markdown. */
#ifndef CREMA_TOOLS_PAGE_H
#define CREMA_TOOLS_PAGE_H

#include "layers/layer.h"

#include <stdio.h>

struct page {
    FILE *out;
    bool markdown;
};

void page_title(const struct page *, const char *name, const char *line);
void page_section(const struct page *, const char *title);
/* Paragraphs, divided by empty lines; one that begins with a blank stays as it
 * is. */
void page_text(const struct page *, const char *text);
void page_code(const struct page *, const char *text);
/* Rows of a table: what it is called, of which type (may be NULL) and what it
 * means. */
void page_table(const struct page *, bool typed);
void page_row(const struct page *, const char *name, const char *type,
              const char *meaning);

/* An entry of a list of pages. */
void page_entry(const struct page *, const char *name, const char *line);

/* "bool = true", "MAX | AVE = MAX", "repeated uint32" */
void page_field_type(const ProtobufCFieldDescriptor *, char *out, size_t size);

/* ---- what they are of (layer_page.c) */

void page_layer(const struct page *, const struct crema_layer_type *);
void page_shared(const struct page *, const struct crema_page_doc *);
/* Fields of layers and nets that are read, and without effect. */
void page_forks(const struct page *);
/* The layer in a prototxt. */
void page_example(FILE *, const struct crema_layer_type *);
/* The schema's message behind a LayerParameter's field; NULL: there is none. */
const ProtobufCMessageDescriptor *page_message(const char *field);
/* "Data", "Losses" .. */
const char *page_kind(enum crema_layer_kind);

#endif
