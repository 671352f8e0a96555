/* SPDX-License-Identifier: MIT */
/* report/model/fields.h: maps members of the model to names in the JSON document, in the order of the document.
 *
 * One table is used by writer and reader, so that they agree. The last entry of each table has a NULL name.
 */
#ifndef CRASHPRE_REPORT_FIELDS_H
#define CRASHPRE_REPORT_FIELDS_H

#include "report/model/model.h"

enum field_type {
        FIELD_STRING,    /* const char * */
        FIELD_HEX,       /* struct known_u64, as "0x..." */
        FIELD_INT,       /* struct known_int */
        FIELD_REAL,      /* struct known_real */
        FIELD_FLAG,      /* bool, always written */
        FIELD_MARK,      /* bool, written only if true */
        FIELD_OBJECT,    /* a struct, described by `sub`; absent if all its members are */
        FIELD_LIST,      /* array of structs and its counter */
        FIELD_STRINGS,   /* array of const char * and its counter */
        FIELD_PAIRS,     /* array of struct report_pair: an object of strings */
        FIELD_REGISTERS, /* array of struct report_register: an object of "0x..." */
        FIELD_METADATA,  /* array of struct report_metadata: an object of scalars */
};

/* Of strings: what may occur in them, for redaction. */
enum field_origin {
        FIELD_FROM_PROGRAM, /* any text of the program's or of the system's */
        FIELD_FROM_FILE,    /* names of files, those from symbol tables and debugging information, instructions */
        FIELD_OWN,          /* terms of this report: enumerations, identifiers, times */
};

struct field {
        const char *name;
        enum field_type type;
        size_t offset;
        size_t count;            /* lists: offset of the size_t counter */
        size_t size;             /* FIELD_LIST: of one element */
        const struct field *sub; /* FIELD_OBJECT, FIELD_LIST */
        bool always;             /* lists: written even when empty */
        enum field_origin origin;
};

extern const struct field report_fields[];

#endif
