package org.mobilevos.demo;

import android.content.ContentResolver;
import android.content.Context;
import android.database.Cursor;
import android.net.Uri;
import android.provider.DocumentsContract;
import android.provider.OpenableColumns;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Files of the user, which Android's own picker chose. A file or folder that cannot be written whole is deleted again.
 */
final class Documents {
    private static final int BUFFER = 1 << 16;

    private Documents() {}

    /** The name of a document; {@code video} where its provider does not tell. */
    static String name(Context context, Uri document) {
        String[] column = {OpenableColumns.DISPLAY_NAME};
        try (Cursor cursor = context.getContentResolver().query(document, column, null, null, null)) {
            if (cursor != null && cursor.moveToFirst() && !cursor.isNull(0)) {
                return cursor.getString(0);
            }
        } catch (RuntimeException error) {
            // Providers are other apps, which fail as they like.
        }
        return "video";
    }

    /** Copies a file over a document. */
    static void copy(Context context, File file, Uri document) throws IOException {
        boolean whole = false;
        try (InputStream stream = new FileInputStream(file)) {
            write(context, stream, document);
            whole = true;
        } finally {
            if (!whole) {
                delete(context.getContentResolver(), document);
            }
        }
    }

    // "w" alone would leave the end of a longer file that the user chose to write over.
    private static void write(Context context, InputStream stream, Uri document) throws IOException {
        try (OutputStream out = context.getContentResolver().openOutputStream(document, "wt")) {
            if (out == null) {
                throw new FileNotFoundException("its app has closed");
            }
            byte[] buffer = new byte[BUFFER];
            for (int length = stream.read(buffer); length >= 0; length = stream.read(buffer)) {
                out.write(buffer, 0, length);
            }
        } catch (SecurityException error) {
            throw new IOException("its app does not allow it", error);
        }
    }

    /** Copies files to a new folder of a tree. */
    static void copyToNewFolder(Context context, File[] files, Uri tree, String name, String mime) throws IOException {
        ContentResolver resolver = context.getContentResolver();
        Uri root = DocumentsContract.buildDocumentUriUsingTree(tree, DocumentsContract.getTreeDocumentId(tree));
        Uri folder = create(resolver, root, DocumentsContract.Document.MIME_TYPE_DIR, name);
        boolean whole = false;
        try {
            for (File file : files) {
                copy(context, file, create(resolver, folder, mime, file.getName()));
            }
            whole = true;
        } finally {
            if (!whole) {
                delete(resolver, folder);
            }
        }
    }

    /** Deletes a document that is of no use. */
    static void delete(ContentResolver resolver, Uri document) {
        try {
            DocumentsContract.deleteDocument(resolver, document);
        } catch (Exception error) { // API 26 added a checked one
            // It is gone already, or its app does not allow it; there is no more to do.
        }
    }

    private static Uri create(ContentResolver resolver, Uri folder, String mime, String name) throws IOException {
        try {
            Uri created = DocumentsContract.createDocument(resolver, folder, mime, name);
            if (created != null) {
                return created;
            }
        } catch (RuntimeException error) { // of another app
            throw new IOException(name + " cannot be made there", error);
        }
        throw new IOException(name + " cannot be made there");
    }
}
