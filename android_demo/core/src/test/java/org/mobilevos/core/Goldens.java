package org.mobilevos.core;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;

/** What the Python SDK has written for this run of the tests; the folder comes from the system property. */
final class Goldens {
    private Goldens() {}

    static File folder() {
        String folder = System.getProperty("mobilevos.goldens");
        if (folder == null) {
            throw new AssertionError(
                    "there are no goldens; run the tests with 'pytest tests/android', which writes them");
        }
        return new File(folder);
    }

    static byte[] bytes(File file) throws IOException {
        return Files.readAllBytes(file.toPath());
    }

    static String text(File file) throws IOException {
        return new String(bytes(file), StandardCharsets.UTF_8);
    }
}
