package org.mobilevos.core;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;

import java.io.File;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Collections;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.Test;

/** Models of some graphs are, byte for byte, those that the Python SDK cuts out of the same artifact. */
public class TfliteGraphsTest {
    @Test
    public void cutModelsArePythons() throws Exception {
        JSONArray cases = new JSONArray(Goldens.text(new File(Goldens.folder(), "cuts/index.json")));
        assertTrue("there are cases", cases.length() >= 3);
        for (int index = 0; index < cases.length(); index++) {
            JSONObject wanted = cases.getJSONObject(index);
            TfliteGraphs graphs = new TfliteGraphs(Artifact.read(new File(wanted.getString("artifact"))).model());
            JSONArray names = wanted.getJSONArray("graphs");
            String[] list = new String[names.length()];
            for (int position = 0; position < list.length; position++) {
                list[position] = names.getString(position);
            }
            assertEquals(wanted.toString(), wanted.getString("sha256"), sha256(graphs.cut(Arrays.asList(list))));
        }
    }

    @Test
    public void aGraphThatIsNotThereIsAClearError() throws Exception {
        JSONArray cases = new JSONArray(Goldens.text(new File(Goldens.folder(), "cuts/index.json")));
        File artifact = new File(cases.getJSONObject(0).getString("artifact"));
        try {
            new TfliteGraphs(Artifact.read(artifact).model()).cut(Collections.singleton("segment_99"));
            fail("there is none");
        } catch (ArtifactException expected) {
            assertTrue(expected.getMessage().startsWith("the file has no graph 'segment_99'; "));
        }
    }

    private static String sha256(ByteBuffer bytes) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(bytes.duplicate());
        StringBuilder hex = new StringBuilder();
        for (byte value : digest.digest()) {
            hex.append(String.format("%02x", value & 0xff));
        }
        return hex.toString();
    }
}
