/* gtlabel: labels a table where it lives. See README.md. */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION gtlabel" to load this file. \quit
