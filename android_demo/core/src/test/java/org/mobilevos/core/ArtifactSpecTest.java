package org.mobilevos.core;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.fail;

import java.io.File;
import java.io.IOException;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.Test;

/** The spec that Python's tests read, tests/fixtures/spec.json, says the same here. */
public class ArtifactSpecTest {
    private final String text = text();

    @Test
    public void everyTensorIsAsTheJsonSays() throws Exception {
        ArtifactSpec spec = ArtifactSpec.parse(text);
        JSONObject json = new JSONObject(text);
        assertEquals(json.getString("model"), spec.model);
        assertEquals(json.getInt("queue"), spec.queue);
        assertEquals(json.getInt("max_objects"), spec.maxObjects);
        assertEquals(json.getInt("height"), spec.height);
        assertEquals(json.getInt("width"), spec.width);
        assertEquals(json.getString("precision"), spec.precision);
        assertEquals(json.getJSONArray("pad_rgb").getInt(2), spec.border(2));
        assertEquals(json.getJSONArray("graphs").length(), spec.graphs.size());
        for (int index = 0; index < spec.graphs.size(); index++) {
            JSONObject graph = json.getJSONArray("graphs").getJSONObject(index);
            assertEquals(graph.getString("name"), spec.graphs.get(index).name);
            assertEquals(graph.getString("role"), spec.graphs.get(index).role.text());
            assertEquals(graph.getLong("macs"), spec.graphs.get(index).macs);
            compare(graph.getJSONArray("inputs"), spec.graphs.get(index).inputs);
            compare(graph.getJSONArray("outputs"), spec.graphs.get(index).outputs);
        }
    }

    @Test
    public void theSmallestGraphThatHasRoomIsTaken() {
        ArtifactSpec spec = ArtifactSpec.parse(text);
        assertEquals("segment_1", spec.graph(GraphSpec.Role.SEGMENT, 1).name);
        assertEquals("start_2", spec.graph(GraphSpec.Role.START, 2).name);
        try {
            spec.graph(GraphSpec.Role.MEMORIZE, 3);
            fail("there is none for three");
        } catch (ArtifactException expected) {
            assertEquals("the artifact of 'mobilenetv2-noaspp' has no graph 'memorize' for 3 objects",
                    expected.getMessage());
        }
    }

    private static void compare(JSONArray json, List<TensorSpec> tensors) throws Exception {
        assertEquals(json.length(), tensors.size());
        for (int index = 0; index < json.length(); index++) {
            JSONObject wanted = json.getJSONObject(index);
            TensorSpec tensor = tensors.get(index);
            assertEquals(wanted.getString("name"), tensor.name);
            assertEquals(wanted.getString("role").toUpperCase(), tensor.role.name());
            assertArrayEquals(Json.integers(wanted.getJSONArray("shape")), tensor.shape());
            if (wanted.isNull("entry")) {
                assertNull(tensor.entry);
            } else {
                assertEquals(wanted.getString("entry"), tensor.entry);
            }
            assertEquals(wanted.isNull("slot") ? TensorSpec.NONE : wanted.getInt("slot"), tensor.slot);
            assertEquals(wanted.isNull("object_axis") ? TensorSpec.NONE : wanted.getInt("object_axis"),
                    tensor.objectAxis);
        }
    }

    private static String text() {
        try {
            return Goldens.text(new File(System.getProperty("mobilevos.fixtures"), "spec.json"));
        } catch (IOException error) {
            throw new AssertionError(error);
        }
    }
}
