/* lots.h: what every part of Lots agrees on: version numbers, the scalar types of the domain, and hard limits.
 * Owns no state. Everything may include it; it includes nothing of ours. */
#ifndef LOTS_H
#define LOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOTS_VERSION "0.1.0"
#define LOTS_FORMAT_VERSION 7u /* of a registry on disk, as it is written; core/FORMAT.md */
#define LOTS_FORMAT_OLDEST 2u  /* and the oldest that is read */

/* A civil day, counted from 1970-01-01 (day 0); no time zone. */
typedef int32_t lots_day;
#define LOTS_DAY_MIN ((lots_day)-719162) /* 0001-01-01 */
#define LOTS_DAY_MAX ((lots_day)2932896) /* 9999-12-31 */

/* Patients are numbered 0..N-1 by the byte order of their id. */
typedef uint32_t lots_patient;
#define LOTS_NO_PATIENT UINT32_MAX

/* Code and category ids. LOTS_NO_ID stands for missing wherever an id is expected. */
typedef uint32_t lots_id;
#define LOTS_NO_ID UINT32_MAX

/* Limits. Each is checked where data enter, with an error naming it. */
#define LOTS_NAME_MAX 63u             /* bytes in a stream, column, table or system name */
#define LOTS_COLUMNS_MAX 512u         /* columns of one stream */
#define LOTS_STREAMS_MAX 64u          /* streams of a registry, `patients` included */
#define LOTS_CHUNK_EVENTS 65535u      /* a chunk closes at this many events in its fullest stream: rows are told in 16 bits */
#define LOTS_CHUNK_PATIENTS 8192u     /* or at this many patients */
#define LOTS_SEGMENT_EVENTS 1500000u  /* a segment closes at about this many events in all */
#define LOTS_SEGMENT_PATIENTS 262144u /* or at this many patients */

#endif
