// What the TLS target uses of OpenSSL 3, which it loads only where TLS or a fleet is configured: nothing links against it, since
// that would cost every start some milliseconds. Nothing else imports this module.
#pragma once

#include <features.h>
#include <dlfcn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define OPENSSL_FUNCTIONS(X) \
  X(TLS_client_method) X(TLS_server_method) X(SSL_CTX_new) X(SSL_CTX_free) X(SSL_CTX_ctrl) X(SSL_CTX_set_options) \
  X(SSL_CTX_set_num_tickets) X(SSL_CTX_set_ciphersuites) X(SSL_CTX_set_psk_use_session_callback) \
  X(SSL_CTX_set_psk_find_session_callback) X(SSL_CTX_set_verify) X(SSL_new) X(SSL_free) X(SSL_set_connect_state) \
  X(SSL_set_accept_state) X(SSL_set_bio) X(SSL_do_handshake) X(SSL_read) X(SSL_write) X(SSL_get_error) X(SSL_ctrl) \
  X(SSL_shutdown) X(SSL_set_ex_data) X(SSL_get_ex_data) X(SSL_SESSION_new) X(SSL_SESSION_free) X(SSL_SESSION_set1_master_key) \
  X(SSL_SESSION_set_cipher) X(SSL_SESSION_set_protocol_version) X(SSL_SESSION_get0_cipher) X(SSL_CIPHER_find) \
  X(SSL_CIPHER_get_handshake_digest) X(SSL_session_reused) X(BIO_new) X(BIO_s_mem) X(BIO_read) X(BIO_write) \
  X(BIO_ctrl_pending) X(ERR_get_error) X(ERR_clear_error) X(ERR_error_string_n) X(EVP_sha256) X(EVP_Digest) X(HMAC) \
  X(BIO_free) X(BIO_new_mem_buf) X(PEM_read_bio_X509) X(PEM_read_bio_PrivateKey) X(X509_free) X(EVP_PKEY_free) \
  X(SSL_CTX_get_cert_store) X(X509_STORE_add_cert) X(X509_STORE_set_flags) X(SSL_CTX_use_certificate) \
  X(SSL_CTX_use_PrivateKey) X(SSL_CTX_check_private_key) X(SSL_get0_param) X(X509_VERIFY_PARAM_set_hostflags) \
  X(X509_VERIFY_PARAM_set1_host) X(X509_VERIFY_PARAM_set1_ip) X(SSL_get_verify_result) X(SSL_get0_peer_certificate) \
  X(SSL_get_ex_data_X509_STORE_CTX_idx) X(X509_STORE_CTX_get_ex_data) X(X509_STORE_CTX_get_error) \
  X(X509_STORE_CTX_get_current_cert) X(X509_verify_cert_error_string) X(X509_get_ext_by_NID) X(X509_get_ext) \
  X(X509V3_EXT_print) X(X509_get_subject_name) X(X509_get_issuer_name) X(X509_NAME_print_ex) X(X509_get0_notBefore) \
  X(X509_get0_notAfter) X(X509_cmp_current_time) X(ASN1_TIME_print) X(ASN1_TIME_to_tm) \
  X(SSL_get0_peer_CA_list)

// One field for each function, of the function's own type.
struct openssl {
#define OPENSSL_FIELD(name) __typeof__(&name) name;
  OPENSSL_FUNCTIONS(OPENSSL_FIELD)
#undef OPENSSL_FIELD
};

// Finds all of them in the libraries that are there; what is missing otherwise.
static inline const char *_Nullable openssl_load(struct openssl *_Nonnull functions) {
  void *crypto = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_GLOBAL);
  if (!crypto) return "libcrypto.so.3";
  void *ssl = dlopen("libssl.so.3", RTLD_NOW | RTLD_GLOBAL);
  if (!ssl) return "libssl.so.3";
#define OPENSSL_FIND(name) \
  functions->name = (__typeof__(&name))dlsym(ssl, #name); \
  if (!functions->name) return #name;
  OPENSSL_FUNCTIONS(OPENSSL_FIND)
#undef OPENSSL_FIND
  return 0;
}

// These are macros around SSL_CTX_ctrl and SSL_ctrl in OpenSSL's headers. The largest version may be 0: the newest that there is.
static inline long openssl_versions(struct openssl functions, SSL_CTX *_Nonnull context, long least, long most) {
  return functions.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, least, 0) == 1 &&
         functions.SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, most, 0) == 1;
}
static inline long openssl_without_cache(struct openssl functions, SSL_CTX *_Nonnull context) {
  return functions.SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, 0);
}
static inline long openssl_groups(
    struct openssl functions, SSL_CTX *_Nonnull context, const char *_Nonnull groups) {
  return functions.SSL_CTX_ctrl(context, SSL_CTRL_SET_GROUPS_LIST, 0, (void *)groups);
}
static inline long openssl_chain(
    struct openssl functions, SSL_CTX *_Nonnull context, X509 *_Nonnull certificate) {
  return functions.SSL_CTX_ctrl(context, SSL_CTRL_CHAIN_CERT, 1, certificate);
}
static inline long openssl_server_name(struct openssl functions, SSL *_Nonnull ssl, const char *_Nonnull name) {
  return functions.SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (void *)name);
}
// These are composed of other macros there.
static const uint64_t openssl_no_renegotiation = SSL_OP_NO_RENEGOTIATION;
static const unsigned long openssl_name_format = XN_FLAG_RFC2253;
